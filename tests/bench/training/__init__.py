"""What our training job costs beside ultralytics' own training of the same network on the same pictures."""
