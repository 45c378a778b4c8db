"""What people say of production's answers: said, and summed up to production's real figures."""
