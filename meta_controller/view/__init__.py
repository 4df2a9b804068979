"""What people look at: pictures of bodies, films, what is imitated, plots of scores."""
