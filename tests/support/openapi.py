"""An OpenAPI 3.1 description as a judge of answers. It is stricter than clients should be: a field
that the description does not name is a fault."""

import copy
import json
import re

from jsonschema import Draft202012Validator, FormatChecker

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


class Operation:
    def __init__(self, path, method, parameters, details):
        self.path = path
        self.method = method
        self.parameters = parameters
        self.details = details

    @property
    def id(self):
        return self.details["operationId"]

    @property
    def statuses(self):
        """Those it names: numbers, and "default"."""
        return {int(each) if each.isdigit() else each for each in self.details["responses"]}

    def target(self, **values):
        """The path with its variables filled in."""
        return re.sub(r"{(\w+)}", lambda match: values[match[1]], self.path)


class Description:
    def __init__(self, document):
        self.document = document
        self._components = _closed(document["components"])
        self.operations = {each.id: each for each in self._read("paths")}
        self.webhooks = {each.id: each for each in self._read("webhooks")}

    def _read(self, where):
        for path, item in self.document[where].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    parameters = shared + item[method].get("parameters", [])
                    yield Operation(path, method.upper(), list(map(self.resolve, parameters)),
                                    item[method])

    def resolve(self, node):
        """What a reference points at."""
        while "$ref" in node:
            found = self.document
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def faults_of_value(self, schema, value):
        whole = {**_closed(schema), "components": self._components}
        validator = Draft202012Validator(whole, format_checker=FormatChecker())
        return [f"{'/'.join(map(str, each.absolute_path))}: {each.message}"
                for each in validator.iter_errors(value)]

    def faults_of_reply(self, operation, reply):
        """What is wrong with a Reply (client.py): its status, headers, content type, body."""
        responses = operation.details["responses"]
        declared = responses.get(str(reply.status), responses.get("default"))
        if declared is None:
            return [f"{reply.status} is not described"]
        declared = self.resolve(declared)
        return (self._faults_of_headers(declared.get("headers", {}), reply.headers)
                + self._faults_of_body(declared.get("content", {}), reply))

    def _faults_of_headers(self, declared, headers):
        faults = []
        for name, header in declared.items():
            header, value = self.resolve(header), headers.get(name.lower())
            if value is not None:
                found = self.faults_of_value(header["schema"], value)
                faults += [f"header {name}{each}" for each in found]
            elif header.get("required"):
                faults.append(f"header {name} is missing")
        return faults

    def _faults_of_body(self, content, reply):
        content_type = reply.headers.get("content-type")
        if not content:
            return [] if not reply.body else [f"a body ({content_type}) that is not described"]
        if content_type not in content:
            return [f"content type {content_type} is not described"]
        schema = content[content_type].get("schema")
        if schema is None:
            return []
        is_json = content_type.endswith("json")
        return self.faults_of_value(schema, json.loads(reply.body) if is_json else reply.text)


def _closed(node):
    """A copy in which objects have no other properties than those that are named."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return copy.copy(node)
    closed = {name: _closed(each) for name, each in node.items()}
    if isinstance(node.get("properties"), dict) and "additionalProperties" not in node:
        closed["additionalProperties"] = False
    return closed
