one
mine
