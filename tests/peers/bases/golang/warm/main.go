package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
)

func main() {
	flag.Parse()
	fmt.Println(user.Current())
	log.Fatal(http.ListenAndServe(filepath.Join(os.Args...), nil))
}
