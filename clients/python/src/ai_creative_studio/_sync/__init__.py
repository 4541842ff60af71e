"""The client for everybody else; made from `_async`."""
