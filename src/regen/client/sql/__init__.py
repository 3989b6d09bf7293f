"""The statements that read for operators; tables stand in braces, values are named parameters."""
