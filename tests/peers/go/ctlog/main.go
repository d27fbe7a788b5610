// Command ctlog serves a certificate transparency log in memory, for tests: a Fulcio asks it for the signed
// certificate timestamps that it embeds.
package main

import (
	"context"
	"encoding/pem"
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/google/certificate-transparency-go/trillian/ctfe"
	"github.com/google/certificate-transparency-go/trillian/ctfe/configpb"
	"github.com/google/trillian"
	"github.com/google/trillian/client"
	"github.com/google/trillian/crypto/keys"
	"github.com/google/trillian/crypto/keys/der"
	"github.com/google/trillian/crypto/keyspb"
	"github.com/google/trillian/extension"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/testonly/integration"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

func main() {
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	keyFile := flag.String("key", "", "private key of the log, PKCS #8 in PEM")
	roots := flag.String("roots", "", "certificates, PEM, of the authorities whose certificates are taken")
	prefix := flag.String("prefix", "ctlog", "first part of every path")
	flag.Parse()
	handlers := serve(context.Background(), *keyFile, *roots, *prefix)
	server := &http.Server{Addr: *address, Handler: handlers, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func serve(ctx context.Context, keyFile, roots, prefix string) http.Handler {
	keys.RegisterHandler(&keyspb.PrivateKey{}, der.FromProto)
	trees := memory.NewTreeStorage()
	trillianLog := must(integration.NewLogEnvWithRegistry(ctx, 1, extension.Registry{
		AdminStorage: memory.NewAdminStorage(trees),
		LogStorage:   memory.NewLogStorage(trees, nil),
		QuotaManager: quota.Noop(),
	}))
	tree := must(client.CreateAndInitTree(ctx, &trillian.CreateTreeRequest{Tree: &trillian.Tree{
		TreeState:       trillian.TreeState_ACTIVE,
		TreeType:        trillian.TreeType_LOG,
		MaxRootDuration: durationpb.New(time.Hour),
	}}, trillianLog.Admin, trillianLog.Log))
	instance := must(ctfe.SetUpInstance(ctx, ctfe.InstanceOptions{
		Validated: must(ctfe.ValidateLogConfig(&configpb.LogConfig{
			LogId:        tree.TreeId,
			Prefix:       prefix,
			RootsPemFile: []string{roots},
			PrivateKey:   must(anypb.New(&keyspb.PrivateKey{Der: privateKey(keyFile)})),
		})),
		Client:        trillianLog.Log,
		Deadline:      10 * time.Second,
		MetricFactory: monitoring.InertMetricFactory{},
		RequestLog:    new(ctfe.DefaultRequestLog),
	}))
	mux := http.NewServeMux()
	for path, handler := range instance.Handlers {
		mux.Handle(path, handler)
	}
	return mux
}

func privateKey(file string) []byte {
	block, _ := pem.Decode(must(os.ReadFile(file)))
	if block == nil {
		log.Fatalf("%s is not PEM", file)
	}
	return block.Bytes
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
