package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/user"
)

func main() {
	me, err := user.Current()
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello, I am %s", me.Username) })
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
