/// Given names of many countries, written down for this project from general knowledge; no list was copied.
enum GivenNames {
  static let text = """
    Aaron Abdul Abdullah Abigail Abraham Ada Adam Adela Adelaide Adele Adrian Adriana Adrienne Agata Agathe Agnes Agnieszka Ahmad Ahmed Aidan \
    Aiko Aileen Aisha Akira Aksel Alain Alan Alana Alba Albert Alberta Alberto Aldo Alejandra Alejandro Aleksander Aleksandra Aleksei Alena Alessandra \
    Alessandro Alessia Alex Alexa Alexander Alexandra Alexandre Alexei Alexey Alexis Alfonso Alfred Alfredo Ali Alice Alicia Alicja Alina Aline Alison \
    Allan Allen Allison Alma Alois Alvaro Alvin Alyssa Amal Amalia Amanda Amar Amelia Amelie Amina Amir Amit Amy Ana Anaïs Anan Anastasia Anders \
    Andre Andrea Andreas Andrei Andrej Andres Andrew Andrey Andrzej Andy Aneta Angel Angela Angelica Angelika Angelina Angelo Angus Anika Anil Anita Anja \
    Anjali Anke Ann Anna Annabel Anne Anneli Annette Annie Annika Ansgar Anthony Antje Antoine Anton Antonia Antonio António Antti Anya Aoife Ari \
    Ariana Ariel Arjun Armando Arne Arnold Arthur Artur Arturo Arvid Asa Åsa Asha Ashley Ashok Asif Astrid Athena Attila Aubrey Audrey August Augustin Aurora \
    Ava Avery Axel Ayako Ayşe Aziz Balázs Barbara Barbora Barry Bartosz Basil Bastian Beata Beatrice Beatriz Becky Béla Ben Benedict Benedikt Bengt \
    Benita Benjamin Bernadette Bernard Bernd Bernhard Berta Bertha Bertil Bertram Beryl Beth Bethany Betty Beverly Bianca Birgit Birgitta Birgitte Björn \
    Bjørn Blanca Bob Bogdan Bonnie Boris Boyd Brad Bradley Brandon Brenda Brendan Brett Brian Bridget Brigitte Brittany Bruce Bruno Bryan Bryce Burak \
    Caitlin Calvin Cameron Camila Camilla Camille Cara Carina Carl Carla Carlo Carlos Carmen Carol Carole Carolina Caroline Carolyn Carrie Carsten Casey \
    Cassandra Catarina Caterina Catherine Cathy Cecil Cecilia Cecilie Cedric Celeste Celia Celine Cesar Chad Chandra Chang Chantal Charles \
    Charlie Charlotte Chen Cheryl Chiara Chidi Chie Chinedu Chinwe Chloe Chris Christa Christel Christian Christiane Christina Christine Christoph Christophe \
    Christopher Christy Chukwuemeka Chung Ciara Cindy Clara Clarence Clarissa Claude Claudia Claudio Claus Clayton Clement Cliff Clifford Clinton Clyde \
    Colette Colin Colleen Concetta Connie Connor Conor Conrad Constance Consuelo Cora Corey Cornelia Cornelius Cory Courtney Craig Cristian Cristiano Cristina \
    Crystal Curtis Cynthia Cyril Dag Dagmar Dagny Daisuke Dale Damian Damien Damir Dan Dana Daniel Daniela Daniele Danielle Danny Dario Darius Darlene \
    Darrell Darren Daryl Dave David Davide Dawid Dawn Dean Deanna Debbie Deborah Debra Declan Deepak Deirdre Delia Denis Denise Dennis Derek Derrick \
    Devon Diana Diane Diego Dieter Dietmar Dimitri Dimitrios Dina Dinesh Dirk Dmitri Dmitry Dolores Domenico Dominic Dominik Dominika Dominique Don Donald \
    Donatella Donna Dora Doreen Doris Dorota Dorothea Dorothy Dorte Doug Douglas Duane Duncan Dustin Dwayne Dwight Dylan Earl Ebba Eberhard Ebony Eddie \
    Edgar Edith Edmund Edna Eduard Eduardo Edward Edwin Eero Eileen Einar Eino Eirik Ekaterina Elaine Eleanor Elena Eleni Eleonora Eli Elias Elif Elin \
    Elina Elinor Elisa Elisabeth Elise Eliza Elizabeth Ella Elle Ellen Elliot Elmer Eloise Elsa Elsie Elvira Elżbieta Emanuel Emanuele Emeka Emil Emilia \
    Emilie Emilio Emily Emma Emmanuel Emre Enrico Enrique Enzo Eric Erica Erich Erik Erika Erin Erkki Erling Erna Ernest Ernesto Ernst Ervin Erwin \
    Esmeralda Esteban Estelle Esther Ethan Ethel Etienne Eugene Eugenia Eugenio Eva Evan Evelyn Ewa Fabian Fabien Fabio Fabiola Fabrice Fadi Faisal Farah Fatima \
    Fatma Fedor Felicia Felicity Felipe Felix Femi Ferdinand Fernanda Fernando Filip Filippa Filippo Finn Fiona Florian Floyd Frances Francesca \
    Francesco Francine Francis Francisca Francisco Franco François Françoise Frank Franz Fred Freddie Frederic Frederick Frederik Freja Freya Frida Frieda \
    Friedrich Fritz Fumiko Gabriel Gabriela Gabriele Gabriella Gabrielle Gail Galina Gareth Garrett Gary Gaston Gavin Gemma Genevieve Geoffrey Georg \
    George Georgina Georgios Gerald Geraldine Gerard Gerda Gerhard Gerlinde Gert Gertrude Giacomo Gianluca Gilbert Gilda Gilles Gillian Gina Ginger \
    Giorgio Giovanna Giovanni Gisela Giulia Giuliana Giulio Giuseppe Gladys Glen Glenda Glenn Gloria Goran Gordon Göran Graham Grant Greg Gregor \
    Gregory Greta Gretchen Grzegorz Guadalupe Gudrun Guglielmo Guido Guillaume Guillermo Gunnar Günter Günther Gunther Gustav Gustavo Guy Gwen Gwendolyn Gyula \
    György Håkon Haakon Hal Halina Halvor Hamza Hana Hank Hanna Hannah Hanne Hannelore Hannes Hans Harald Harold Haruka Haruki Hassan Hazel Heather Hector \
    Hedwig Heidi Heike Heikki Heiko Heinrich Heinz Helen Helena Helene Helga Helge Helmut Henri Henrietta Henriette Henrik Henrique Henry Herbert Heriberto \
    Herman Hermann Hilda Hilde Hillary Hiroko Hiroshi Holger Holly Homer Horst Howard Hubert Hugh Hugo Hui Humberto Hussein Ian Ibrahim Ida Ignacio \
    Igor Ikenna Ilona Ilse Imani Imran Inés Ines Inga Inge Ingeborg Ingemar Inger Ingmar Ingo Ingrid Inka Ioana Ion Ira Irena Irene Irina Iris Irma Irving Irwin \
    Isaac Isabel Isabella Isabelle Isak Isidro Ismail István Itziar Ivan Ivana Ivar Ivo Ivy Iwan Iwona Jacek Jack Jackie Jaclyn Jacob Jacqueline Jacques Jadwiga \
    Jaime Jake Jakob Jakub James Jamie Jan Jana Jane Janet Janice Janina Janine János Jared Jari Jarmila Jaroslav Jasmin Jasmine Jason Javier Jay Jean \
    Jeanette Jeanne Jeff Jeffery Jeffrey Jelena Jen Jenna Jennifer Jenny Jens Jeremiah Jeremy Jerome Jerry Jerzy Jesper Jesse Jessica Jessie Jesus \
    Jesús Jill Jim Jimmy Jin Jiří Jitka Joachim Joan Joanna Joanne João Joaquin Jocelyn Jochen Joe Joel Joelle Jóhann Johan Johann Johanna Johannes John \
    Johnny Jolanta Jon Jonas Jonathan Joost Jordi Jörg Jorge Jorgen Jørgen Joris Josè José Jose Josef Josefa Josefina Joseph Josephine Josh Joshua Josie Jostein Joy \
    Joyce Józef József Juan Juana Juanita Judith Judy Juha Juhani Jukka Jules Julia Julian Juliana Julie Julien Juliet Juliette Julio Julius Jun Jürgen Justin Justine \
    Justyna Jutta Kaarina Kai Kaito Kaj Kalle Kamal Kamil Kamila Kana Kara Karel Karen Kari Karim Karin Karina Karl Karla Karolina Karoline Karsten Kasper \
    Katarina Katarzyna Kate Katharina Katherine Kathleen Kathryn Kathy Katie Katja Katrin Katrina Kay Kazuko Kazuo Keiko Keith Kelly Kelvin Ken \
    Kendra Kenji Kenneth Kenta Kerry Kerstin Kevin Khadija Khaled Khalid Kieran Kim Kimberly Kinga Kira Kirsten Kirsty Kjell Klara Klaus Knud Knut \
    Konrad Konstantin Kristen Kristian Kristiina Kristin Kristina Kristine Kristof Krystyna Krzysztof Kumar Kurt Kyle Kylie Kyoko Lacey Laila Lakshmi Lana Lance Lara \
    Larry Lars Lasse László Latoya Laura Laurel Lauren Laurence Laurent Laurie Lawrence Lea Leah Leandro Leanne Lee Leena Leif Leila Lena Lenka Lennart Leo \
    Leon Leona Leonard Leonardo Leonie Leopold Leroy Leslie Leticia Lewis Liam Lidia Lieselotte Liisa Lily Lillian Lilly Lina Linda Lindsay Lindsey Linnea \
    Linus Lionel Lisa Lise Lisbeth Liv Livia Liz Ljubica Lloyd Lois Lola Lopez Lora Loredana Lorena Lorenzo Loretta Lori Lorraine Lothar Lotta Lotte Lou \
    Louis Louisa Louise Lourdes Lubomir Luc Luca Lucas Lucia Luciana Luciano Lucie Lucien Lucille Lucinda Lucy Ludmila Ludwig Luigi Luis Luisa Luise \
    Luiz Lukas Łukasz Luke Lutz Luz Lydia Lyle Lynda Lynn Lynne Mabel Maciej Maddalena Madeleine Madeline Madison Mads Magda Magdalena Maggie Magnus Mahmoud \
    Maja Makoto Malcolm Małgorzata Malin Mandy Manfred Manuel Manuela Mara Marc Marcel Marcela Marcello Marcelo Marcia Marcin Marco Marcos Marcus Marek Margaret \
    Margareta Margarete Margarita Margherita Margit Margot Margrethe Marguerite Maria María Mariam Marian Mariana Marianne Marie Mariella Marietta Marija Mariko \
    Marilyn Marina Mario Marion Marisa Marisol Marita Marius Marja Marjorie Mark Markku Marko Markus Marlene Marlon Marsha Marta Martha Martin Martina Martine \
    Marty Marvin Mary Maryam Masako Mason Massimo Mateo Mateusz Mathias Mathieu Mathilde Matilda Matt Matteo Matthew Matthias Matthieu Matti Maud Maureen Maurice \
    Maurizio Mauro Max Maxime Maximilian Maxine Maya Mbali Megan Meghan Mehmet Mei Melanie Melinda Melissa Melody Melvin Mercedes Meredith Merja Merle Merete Mette \
    Mia Micah Michael Michaela Michal Michał Michel Michela Michele Michelle Michiko Mieczysław Miguel Mihai Mika Mike Mikael Mikhail Mikkel Mikko Milan Mildred \
    Milena Miles Miloš Milton Mina Minna Miranda Miriam Miroslav Mirosław Misaki Mitch Mitchell Mitsuko Moa Mohamed Mohammad Mohammed Moira Molly Mona Monica \
    Monika Monique Morgan Morten Moses Moshe Muhammad Muriel Murray Mustafa Myra Myriam Myrna Myrtle Nadia Nadine Nadja Nancy Naoko Naomi Naoto Natalia Natalie \
    Natasha Nathalie Nathan Nathaniel Neal Ned Neil Nelly Nelson Nicholas Nick Nicola Nicolas Nicole Niels Nigel Niko Nikola Nikolai Nikos Nils Nina Ning \
    Nino Nisha Noah Noel Noemi Nora Norbert Noreen Norma Norman Nuria Obinna Octavia Odd Oksana Olaf Olav Ole Oleg Olena Olga Oliver Olivia Olivier Olof Omar \
    Ophelia Orlando Oscar Oskar Osman Otto Ottó Owen Pablo Pål Paloma Pamela Paola Paolo Pascal Patrice Patricia Patricio Patrick Patrik Patrizia Patsy Patty Paul \
    Paula Paulette Paulina Pauline Paulo Pavel Paweł Pedro Peggy Penelope Penny Per Percy Perla Perry Pete Peter Petr Petra Petri Petter Phil Philip Philipp \
    Philippa Philippe Phillip Phoebe Phyllis Pia Piero Pierre Pieter Pietro Pilar Piotr Pirjo Pooja Preben Priscilla Priya Quentin Quincy Rachael Rachel Radek Rafael \
    Rafał Ragnar Ragnhild Rahul Raimund Rainer Raj Rajesh Ralf Ralph Ramon Ramona Randall Randy Rania Raphael Raquel Rashid Raúl Raul Ravi Raymond Rebecca Regina \
    Reginald Reidar Reiko Reiner Reinhard Reino Remi Remy Renata Renate Rene René Renée Renee Rhonda Ricardo Riccardo Richard Rick Ricky Riikka Riitta Rikke Riley \
    Rita Rob Robbie Robert Roberta Roberto Robin Rocco Roderick Rodney Rodolfo Rodrigo Roger Roland Rolando Rolf Roman Romeo Ron Ronald Ronnie Rory \
    Rosa Rosalie Rosalind Rosanna Rosario Roswitha Rosemarie Rosemary Roxanne Roy Ruben Ruby Rudolf Rudy Rune Rupert Russell Ruth Ryan Sabine Sabrina Saburo Sadie Said \
    Sakura Sally Salma Salman Salvador Salvatore Sam Samantha Samira Samuel Samuli Sandeep Sandra Sandro Sandy Sanjay Sanna Santiago Santino Sara Sarah Sari \
    Sascha Saskia Satoshi Satu Saul Scott Sean Seamus Sebastian Selam Selena Selma Serena Serge Sergei Sergey Sergio Seth Seung Shane Shannon Sharon Shaun Shauna \
    Shawn Sheila Shelby Sheldon Shelley Sherry Sherwin Shinji Shirley Shiro Sidney Siegfried Sigfrid Sigrid Sigurd Silje Silke Silvia Silvio Simo Simon Simona \
    Simone Sinead Siobhan Siri Siv Sofia Sofie Solomon Solveig Sondre Sonia Sonja Sonya Sophia Sophie Søren Stacey Stacy Stan Stanislav Stanisław Stanley Stefan \
    Stefania Stefanie Stefano Steffen Stein Stella Stephan Stephanie Stéphane Stephen Steve Steven Stewart Stina Stuart Sue Sunil Sunita Suresh Susan Susana Susanna \
    Susanne Susie Suzanne Svein Sven Svend Svenja Svetlana Sylvester Sylvia Sylvie Szymon Takashi Takeshi Tamara Tamás Tami Tammy Tanja Tanya Tara Tariq Taro Tarja \
    Tatiana Tatjana Taylor Ted Teemu Tekle Tera Terence Teresa Teresita Terje Terrence Terri Terry Tessa Thea Thelma Theo Theodor Theodora Theodore Theresa \
    Therese Thiago Thierry Thomas Thorsten Tibor Tiffany Tim Timo Timothy Tina Tobias Toby Todd Tom Tomás Tomáš Tomasz Tommaso Tommy Tomoko Tone Toni Tony \
    Tor Torben Tore Torsten Tove Tracey Traci Tracy Travis Trevor Trisha Trond Troy Tuan Tuomas Tuula Tyler Tyrone Tyson Uchenna Udo Ugo Ulf Ulla Ulrich Ulrika \
    Ulrike Umberto Urban Ursula Ute Uwe Václav Val Valentin Valentina Valeria Valerie Valerio Vanessa Vaughn Veikko Vera Vernon Veronica Veronika Véronique Vesna \
    Vicki Vicky Victor Victoria Vidar Vijay Viktor Viktoria Ville Vincent Vincenzo Viola Violet Virginie Vitor Vittoria Vittorio Vivian Viviana Vladimir \
    Vladislav Volker Wade Wallace Walter Wanda Wayne Wei Wendell Wendy Werner Wesley Wilbur Wilfred Wilhelm Will Willem William Willie Willy Wilma Winston \
    Wojciech Wolfgang Xavier Xiao Yan Yannick Yasmin Yasuko Ying Yoko Yolanda Yosef Yoshiko Youssef Yuki Yukiko Yuko Yuri Yusuf Yves Yvette Yvonne Zachary Zara \
    Zbigniew Zdeněk Zeynep Zoe Zofia Zoltán Zsolt Zsófia Zuzana Ísak Óscar Ólafur Íris Álvaro Ángel Ángela Élise Émile Éric Étienne Özlem Ümit Şebnem Željko Zoran Dragan
    """

  /// Words and places first: alone, these are no sign of a person.
  static let ambiguous = """
    Ada Adelaide Angel Art April Ari August Aurora Austin Ava Bill Bob Brandon Brook Carol Chad Chance Chase Chelsea Christian Clay Clement Crystal Dale Dawn Dean Don \
    Drew Earl Elle Eve Faith Finn Florence Frank Gene Georgia Ginger Glen Grace Grant Guy Hank Harmony Hazel Heath Heather Holly Hope Hunter Ida Ion Ira Iris Ivy \
    Jack Jade Jan Jasmine Java Jay Jean Jersey Jordan Joy June Jun Kay Kim Lance Lara Laurel Lee Leo Liberty Lily Lima Lincoln Long Lopez Lou Luna Lux Madison Mark \
    Mason Max May Melody Mercedes Mercury Miles Milan Mina Morgan Nelson Nick Odd Ole Olive Orlando Pat Pan Paris Pearl Penny Per Pete Pilar Pin Pia Raj Ray Rich Rob Robin Roman \
    Rose Royal Ruby Rune Sage Said Sally Sam Sandy Santiago Savannah Scout Sidney Sky Stein Stella Sterling Storm Summer Sunny Sydney Tara Taylor Tone Tony \
    Tor Tore Tory Trent Troy Ty Urban Val Van Vera Victor Victoria Viola Violet Virginia Wade Ward Wayne Will Willow Xiao Yan Young Ying Zoe \
    Adams Andrews Ball Banks Barber Barry Bates Bell Berg Bishop Black Blair Blanc Borg Brooks Brown Burns Bush Butler Carey \
    Carpenter Carr Carter Chandler Charles Cole Cook Cooper Costa Cross Cruz Curtis Dang Drake Edwards Fink Fisher Fletcher \
    Flores Fontaine Foster Fowler Fox Francis Franco Fraser Freeman Gardner Garner George Gill Glover Graf Graves Gray Greco \
    Green Greene Gross Hale Hall Han Hardy Harper Hart Hill Holland Holm Holt Horn Horne Howard Hunt Jackson James Joseph Jung \
    Knight Kraft Lamb Lane Lang Law Lind Little Logan Love Lowe Lucas Lynch Malone Mann Manning Marino Marks Marsh Marshall \
    Martin Mills Molina Monroe Moody Moore Morris Moss Noble Oliver Ono Page Palmer Parker Parsons Payne Perry Peters Pierce \
    Porter Potter Powers Price Reed Rice Richards Ritter Rosario Rosen Ross Rowe Savage Scott Serrano Sharp Shields Short Sims \
    Stanley Steele Stokes Stone Strand Summers Sutton Tamm Tanner Testa Thornton Townsend Turner Tucker Valencia Valentine \
    Vance Vega Villa Walker Wang Warner Warren Washington Waters Watts Weaver Webb Webster Weeks Welch Wells West Wheeler \
    White Winkler Winter Wolf Wolfe Wong Wood Woods Wright York
    """
}
