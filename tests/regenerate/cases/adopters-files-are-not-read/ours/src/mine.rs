a
<<<<<<< yours
b
||||||| as generated before
c
=======
d
>>>>>>> as generated now
