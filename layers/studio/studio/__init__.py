"""The studio's business rules, one module per noun. Functions and GPU handlers import this; it imports neither."""
