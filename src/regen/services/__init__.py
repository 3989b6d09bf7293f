"""The use cases of the three functions, written against the ports: services decide the order of reads and writes."""
