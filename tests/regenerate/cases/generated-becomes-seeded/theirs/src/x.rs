x 2
