"""What runs the product: the local studio, and nested templates for the cloud."""
