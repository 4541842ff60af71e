"""What runs beside the GPU: take a job, make its files, report one event."""
