"""What is done for an account after its request was answered."""
