"""The kinds of directory that come with temanashi, one file each."""
