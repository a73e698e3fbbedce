# SPDX-License-Identifier: Apache-2.0
"""Plain HTTP towards an API server: requests with JSON answers, and watches read frame by frame."""
import base64
import http.client
import json
import pathlib
import re
import ssl
import tempfile
import time
import urllib.parse

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


class Answer:
    def __init__(self, code, headers, text):
        self.code, self.headers, self.text = code, headers, text
        try:
            self.json = json.loads(text)
        except ValueError:
            self.json = None

    def at(self, path):
        """The value at a dotted path, None when there is none."""
        return at(self.json, path)

    def __repr__(self):
        return f"{self.code} {self.text[:600]}"


def at(value, path):
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


class Watch:
    """A stream of frames. http.client undoes the chunks; what is left is one JSON object per line."""

    def __init__(self, connection, response):
        self.connection, self.response, self.code = connection, response, response.status
        self.headers = response.headers

    def next(self, seconds=10):
        """The next event, or None at the end of the stream."""
        self.connection.sock.settimeout(seconds)
        line = self.response.readline()
        return json.loads(line) if line.strip() else None

    def until(self, type_wanted, seconds=10, name=None):
        """The next event of that type (and object name); what comes before it is dropped."""
        end = time.monotonic() + seconds
        while True:
            event = self.next(max(0.1, end - time.monotonic()))
            assert event is not None, f"the watch ended before {type_wanted}"
            if event["type"] == type_wanted and name in (None, at(event, "object.metadata.name")):
                return event

    def rest(self, seconds=10):
        events = []
        while (event := self.next(seconds)) is not None:
            events.append(event)
        return events

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def kubeconfig_parts(path):
    """Server and credentials of a kubeconfig with one cluster and one user; the standard library reads no YAML."""
    text = pathlib.Path(path).read_text()
    found = {key: re.search(rf'\b{key}: *"?([^\s",}}]+)', text) for key in (
        "server", "certificate-authority-data", "client-certificate-data", "client-key-data", "token")}
    return {key: match.group(1) for key, match in found.items() if match}


class Server:
    def __init__(self, url, kubeconfig=None):
        parts = kubeconfig_parts(kubeconfig) if kubeconfig else {}
        target = urllib.parse.urlsplit(url or parts["server"])
        self.host, self.port, self.tls = target.hostname, target.port, target.scheme == "https"
        self.token = parts.get("token")
        self.context = self.trust(parts) if self.tls else None

    @staticmethod
    def trust(parts):
        decoded = {key: base64.b64decode(value) for key, value in parts.items() if key.endswith("-data")}
        authority = decoded.get("certificate-authority-data")
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
        if "client-certificate-data" in decoded:
            with tempfile.NamedTemporaryFile() as pair:
                pair.write(decoded["client-certificate-data"] + b"\n" + decoded["client-key-data"])
                pair.flush()
                context.load_cert_chain(pair.name)
        return context

    def connect(self, seconds=15):
        if self.tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=seconds, context=self.context)
        return http.client.HTTPConnection(self.host, self.port, timeout=seconds)

    def headers(self, content_type):
        headers = {"Accept": "application/json"}
        if content_type:
            headers["Content-Type"] = content_type
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        return headers

    def request(self, method, path, body=None, content_type=None):
        """'body' is an object, or text that is sent as it is."""
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        if text is not None and content_type is None:
            content_type = "application/json"
        connection = self.connect()
        try:
            connection.request(method, path, body=text, headers=self.headers(content_type))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def watch(self, path):
        connection = self.connect()
        connection.request("GET", path, headers=self.headers(None))
        return Watch(connection, connection.getresponse())
