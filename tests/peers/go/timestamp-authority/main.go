// Command timestamp-authority serves sigstore's timestamp authority with a key of its own, for tests. The program
// that it comes with also serves metrics, on a port that cannot be chosen, so that no two of them run side by side.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
)

func main() {
	port := flag.Int("port", 0, "where to listen, on 127.0.0.1")
	flag.Parse()
	viper.Set("timestamp-signer", "memory")
	viper.Set("timestamp-signer-hash", "sha256")
	viper.Set("default-policy-oid", "1.3.6.1.4.1.57264.2")
	viper.Set("accepted-policy-oids", []string{"1.3.6.1.4.1.57264.2"})
	viper.Set("max-request-body-size", 1<<20)
	authority := server.NewRestAPIServer("127.0.0.1", *port, []string{"http"}, false, time.Minute, time.Minute)
	log.Fatal(authority.Serve())
}
