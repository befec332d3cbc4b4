/// Family names of many countries, written down for this project from general knowledge; no list was copied.
enum Surnames {
  static let text = """
    Abbott Abdi Abe Abrams Acosta Adams Adamski Aguilar Ahmed Ahlberg Akhtar Alexander Ali Allard Allen Almeida Alvarez Alves Andersen Anderson Andersson Andrade \
    Andrews Andreasen Antonov Araujo Arias Armstrong Arnold Arsenault Ashton Atkins Atkinson Aubert Austin Ávila Ayala Azevedo Bailey Baker Baldwin Ball Banerjee Banks Barber Barbosa \
    Barker Barnes Barnett Baron Barros Barry Barton Bates Bauer Baumann Beck Becker Bell Bélanger Bellini Beltran Benitez Bennett Benson Berg Berger Bergeron Berglund Bergman Bergström \
    Bernard Bertrand Bianchi Bishop Björklund Black Blackwell Blair Blake Blanc Blanchard Boehm Bonnet Borg Botha Boucher Bouchard Bowen Bowman Boyd Boyle Bradley Brady Brandt \
    Braun Brennan Brewer Briggs Brooks Brown Bruno Bryant Buchanan Burgess Burke Burns Burton Busch Bush Butler Byrne Cabrera Caldwell Calvo Cameron Campbell Campos Cano Caputo Carbone \
    Cardoso Carey Carlson Carlsson Carpenter Carr Carrillo Carroll Carson Carter Caruso Carvalho Castillo Castro Cavalcanti Cerny Cervantes Chandler Chang Chapman Charles Chavez Chen \
    Chevalier Chopra Christensen Christiansen Chukwu Clark Clarke Clayton Cohen Cole Coleman Collins Colombo Conner Conti Contreras Cook Cooper Correia Cortez Costa Costello Cox Craig \
    Crawford Cross Cruz Cunha Cunningham Curtis Dahl Dąbrowski Dabrowski Dang Daniels Davidson Davies Davis Dawson Dean Delgado Deluca Desai Desjardins Diaz Dias Dixon Dominguez \
    Donnelly Douglas Doyle Drake Dubois Dufour Duncan Dunn Dupont Dupuis Durand Duran Dvořák Dwyer Edwards Ehrlich Eliasson Elliott Ellis Engel Eriksen Eriksson Escobar Espinoza \
    Esposito Estrada Evans Fabre Farkas Farrell Faure Ferguson Fernandes Fernandez Ferrara Ferrari Ferreira Fiedler Figueroa Fink Fischer Fisher Fitzgerald Fleming Fletcher Flores Fontaine \
    Forsberg Foster Fournier Fowler Fox Francis Franco Fraser Frazier Freeman Friedman Fuchs Fuentes Fujita Fuller Gagnon Gallagher Gallo García Garcia Gardner Garner Garrett Garza Gauthier Geiger \
    George Gibson Gilbert Gill Giordano Girard Glover Goldberg Gomes Gomez Gonçalves Gonzales Gonzalez González Goodman Goodwin Gordon Graf Graham Graves Gray Greco Green Greene Greenberg Gregory \
    Griffin Griffiths Gross Guerra Guerrero Gunnarsson Gupta Gustafsson Gutierrez Guzman Haas Hagen Hahn Hale Hall Halvorsen Hamilton Hammond Hampton Han Hansen Hanson Hansson Harding \
    Hardy Harper Harrington Harris Harrison Hart Hartman Hartmann Harvey Hashimoto Hassan Hayashi Hayes Haynes Heikkinen Heinrich Henderson Henriksen Henry Henry Herman Hermansen Hernandez Herrera \
    Herrmann Hicks Higgins Hill Hodges Hoffman Hoffmann Hofmann Holland Holm Holmberg Holmes Holt Hopkins Horn Horne Horvat Horváth Howard Howell Huang Hubbard Huber Hudson Huerta Hughes \
    Hunt Hussain Hussein Ibrahim Ingram Iversen Ivanov Ivanova Jackson Jacobs Jacobsen Jacobson James Jankowski Jansen Janssen Jansson Jenkins Jennings Jensen Jimenez Johansen Johansson Johnson Johnston \
    Jones Jonsson Jordan Joseph Juarez Jung Kaiser Kaminski Kapoor Karjalainen Karlsson Kaufman Kawasaki Keller Kelley Kelly Kemp Kennedy Kerr Khan Kimura Kinnunen Klein Knight Knudsen Koch \
    Koenig Koch Kobayashi Köhler Koskinen Kovač Kovács Kowalski Kowalska Kraft Kramer Kraus Kristensen Kristiansen Krause Krüger Kuhn Kumar Kuznetsov Kozlov Laine Lamb Lambert Lane Lang Lange Larsen Larson \
    Larsson Latham Laurent Lawrence Lawson Leblanc Leclerc Lefebvre Lehmann Lehtonen Leroy Levy Lewis Liang Lima Lin Lind Lindberg Lindgren Lindqvist Lindström Little Liu Lloyd Logan Lombardi Long \
    Lopes Lopez López Lorenz Love Lowe Lucas Lund Lundgren Lynch Lyons Macdonald MacDonald Mackenzie Maclean Madsen Magnusson Mahoney Maier Mäkelä Mäkinen Maldonado Malone Mancini Mann Manning Marchetti \
    Mariani Marino Markovic Marks Marques Marquez Marsh Marshall Martel Martin Martinez Martins Martinsen Mason Matsumoto Matthews Maxwell May Mayer Mazur Mbeki McCarthy McCormick McCoy McDaniel McDonald \
    McGee McGrath McGuire McIntyre McKenzie McKinney McLaughlin Medina Mehta Meier Mejia Melo Mendes Mendez Mendoza Mercado Mercier Messina Meyer Meyers Michaud Mikkelsen Miles Miller Mills Mishra Mitchell \
    Möller Møller Molina Molnár Monroe Montgomery Moody Moore Morales Moran Moreau Morel Moreno Moretti Morgan Mori Morin Morris Morrison Morrow Morton Moss Mueller Müller Mullins Muñoz Munoz Murphy \
    Murray Myers Naidoo Nakamura Nakamura Nagy Navarro Neal Nelson Németh Neumann Newman Newton Nguyen Nichols Nicholson Nielsen Niemi Nieminen Nilsen Nilsson Nguyen Noble Nolan Norris Novak Nováková \
    Novotný Nowak Nunes Núñez Nwosu Obrien O'Brien O'Connell O'Connor O'Donnell O'Hara O'Neill O'Reilly O'Sullivan Oconnor Okafor Okeke Oliveira Oliver Olivier Olsen Olson Olsson Ono Orlov Ortega \
    Ortiz Osborne Owens Özdemir Padilla Page Palmer Papadopoulos Parker Parsons Patel Patterson Paulsen Pavlov Payne Pedersen Pellegrini Pelletier Peña Pereira Perez Pérez Perkins Perrin Perry Persson \
    Peters Petersen Peterson Petersson Petrov Petrova Pham Phillips Pierce Pinto Piotrowski Pires Popov Popescu Porter Potter Powell Powers Price Procházka Quinn Ramirez Ramos Ramsey Rasmussen \
    Reed Reese Reeves Reid Reilly Reis Renard Reyes Reynolds Rhodes Ribeiro Ricci Rice Richard Richards Richardson Richter Riley Rinaldi Rios Ritter Rivas Rivera Rizzo Robert Roberts Robertson \
    Robinson Rocha Rodgers Rodrigues Rodriguez Rogers Rojas Romano Romero Rosa Rosario Rosen Rosenberg Ross Rossi Roth Rousseau Roux Rowe Roy Ruiz Russell Russo Ryan Saari Salazar Salminen Salonen \
    Samuelsen Sanchez Sánchez Sanders Sandoval Santana Santoro Santos Saunders Sauter Savage Schaefer Schäfer Schmid Schmidt Schmitt Schmitz Schneider Scholz Schreiber Schroeder Schröder Schubert Schultz \
    Schulz Schulze Schumacher Schuster Schwartz Schwarz Scott Serrano Shah Shapiro Sharma Sharp Shaw Shelton Sheppard Sherman Shevchenko Shields Short Silva Silveira Simard Simmons Simon Simonsen Simpson Sims \
    Singh Smirnov Smith Snyder Sokolov Solberg Solis Soares Sørensen Soto Sousa Souza Spencer Stanley Steele Stein Steiner Stephens Stevens Stevenson Stewart Stokes Stone Strand Strømberg Suárez \
    Sullivan Summers Sutherland Sutton Suzuki Svensson Svoboda Swanson Szabó Szymański Tachibana Takahashi Tamm Tanaka Tanner Taylor Teixeira Tessier Testa Thomas Thompson Thomsen Thomson Thornton Tolstoy \
    Torres Toth Tóth Townsend Tran Tremblay Tucker Turner Turunen Underwood Urban Valdez Valencia Valentine Van Vance Vargas Varga Vasquez Vaughn Vega Velasquez Verma Vieira Villa Villanueva \
    Virtanen Vogel Vogt Volkov Wagner Walker Wallace Wallin Walsh Walter Walters Walton Wang Ward Warner Warren Washington Watanabe Waters Watkins Watson Watts Weaver Webb Weber Webster Weeks Weiss Welch Wells \
    Werner West Wheeler Whitaker White Whitehead Wiese Wiśniewski Wikström Wilcox Wilkins Wilkinson Williams Williamson Willis Wilson Winkler Winter Wojcik Wójcik Wolf Wolfe Wolff Wong Wood Woods Woodward Wright Wu \
    Yamada Yamamoto Yang Yates Yilmaz Yılmaz York Yoshida Young Zamora Zhang Zhao Zhou Zieliński Ziegler Zimmerman Zimmermann Zając Øster
    """
}
