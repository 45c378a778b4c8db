"""Compare a challenger with the champion that it stands beside."""
