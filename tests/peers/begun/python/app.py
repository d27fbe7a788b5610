"""The smallest service that the template serves."""

import os
import pwd

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return f"hello, I am {pwd.getpwuid(os.getuid()).pw_name}"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8080")))
