"""The programs of Greenlight's images: one folder is one image, but for what their pages share."""
