"""Tell everyone subscribed how an execution ended."""
