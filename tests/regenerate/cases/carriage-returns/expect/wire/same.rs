s
