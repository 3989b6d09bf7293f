"""What goes over the wire, one struct for each shape: answers, problems, bodies, messages.

The functions write and read them, the client, the command line and the report read them, and docs/openapi.yaml is written from them.
"""
