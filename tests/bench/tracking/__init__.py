"""Videos whose objects are known, followed by ours and by ultralytics' tracker, and how well each did."""
