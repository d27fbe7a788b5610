import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"on the port of a variable")


HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
