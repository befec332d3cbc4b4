/// Countries under their English names (ISO 3166) and large cities, written down for this project.
enum Places {
  static let text = """
    Afghanistan;Albania;Algeria;Andorra;Angola;Argentina;Armenia;Australia;Austria;Azerbaijan;Bahamas;Bahrain;Bangladesh;Barbados;Belarus;Belgium;Belize;Benin;Bhutan;Bolivia;Bosnia;Botswana;Brazil;Brunei;\
    Bulgaria;Burkina Faso;Burundi;Cambodia;Cameroon;Canada;Chile;China;Colombia;Congo;Costa Rica;Croatia;Cuba;Cyprus;Czechia;Czech Republic;Denmark;Djibouti;Dominica;Dominican Republic;Ecuador;Egypt;El Salvador;\
    Eritrea;Estonia;Ethiopia;Fiji;Finland;France;Gabon;Gambia;Germany;Ghana;Greece;Greenland;Grenada;Guatemala;Guinea;Guyana;Haiti;Honduras;Hong Kong;Hungary;Iceland;India;Indonesia;Iran;Iraq;Ireland;Israel;\
    Italy;Ivory Coast;Jamaica;Japan;Kazakhstan;Kenya;Kiribati;Kosovo;Kuwait;Kyrgyzstan;Laos;Latvia;Lebanon;Lesotho;Liberia;Libya;Liechtenstein;Lithuania;Luxembourg;Madagascar;Malawi;Malaysia;Maldives;Mali;Malta;\
    Mauritania;Mauritius;Mexico;Micronesia;Moldova;Monaco;Mongolia;Montenegro;Morocco;Mozambique;Myanmar;Namibia;Nauru;Nepal;Netherlands;New Zealand;Nicaragua;Niger;Nigeria;North Korea;North Macedonia;Norway;\
    Oman;Pakistan;Palau;Palestine;Panama;Papua New Guinea;Paraguay;Peru;Philippines;Poland;Portugal;Qatar;Romania;Russia;Rwanda;Samoa;San Marino;Saudi Arabia;Senegal;Serbia;Seychelles;Sierra Leone;Singapore;\
    Slovakia;Slovenia;Somalia;South Africa;South Korea;South Sudan;Spain;Sri Lanka;Sudan;Suriname;Sweden;Switzerland;Syria;Taiwan;Tajikistan;Tanzania;Thailand;Togo;Tonga;Trinidad;Tunisia;Turkey;Turkmenistan;\
    Tuvalu;Uganda;Ukraine;United Arab Emirates;United Kingdom;United States;Uruguay;Uzbekistan;Vanuatu;Vatican;Venezuela;Vietnam;Yemen;Zambia;Zimbabwe;England;Scotland;Wales;Northern Ireland;\
    Alabama;Alaska;Arizona;Arkansas;California;Colorado;Connecticut;Delaware;Florida;Hawaii;Idaho;Illinois;Indiana;Iowa;Kansas;Kentucky;Louisiana;Maine;Maryland;Massachusetts;Michigan;Minnesota;Mississippi;\
    Missouri;Montana;Nebraska;Nevada;New Hampshire;New Jersey;New Mexico;New York;North Carolina;North Dakota;Ohio;Oklahoma;Oregon;Pennsylvania;Rhode Island;South Carolina;South Dakota;Tennessee;Texas;Utah;\
    Vermont;Washington;West Virginia;Wisconsin;Wyoming;Ontario;Quebec;Alberta;Manitoba;Bavaria;Tuscany;Catalonia;Queensland;Tasmania;\
    Aarhus;Abidjan;Abu Dhabi;Accra;Addis Ababa;Algiers;Amman;Amsterdam;Ankara;Antwerp;Athens;Atlanta;Auckland;Baghdad;Baku;Bangalore;Bangkok;Barcelona;Basel;Beijing;Beirut;Belfast;Belgrade;Bergen;Berlin;Bern;\
    Bilbao;Birmingham;Bogotá;Bologna;Bombay;Bordeaux;Boston;Bratislava;Brisbane;Bristol;Brussels;Bucharest;Budapest;Buenos Aires;Cairo;Calgary;Cape Town;Caracas;Cardiff;Casablanca;Chennai;Chicago;Cologne;Copenhagen;\
    Cork;Dakar;Dallas;Damascus;Delhi;Denver;Detroit;Dhaka;Dresden;Dubai;Dublin;Durban;Düsseldorf;Edinburgh;Espoo;Frankfurt;Gdańsk;Geneva;Genoa;Ghent;Glasgow;Gothenburg;Graz;Guangzhou;Hamburg;Hanoi;Hanover;Harare;Havana;\
    Helsinki;Ho Chi Minh City;Honolulu;Houston;Hyderabad;Istanbul;Jakarta;Jerusalem;Johannesburg;Kabul;Karachi;Kathmandu;Khartoum;Kiel;Kinshasa;Kolkata;Kraków;Kuala Lumpur;Kyiv;Kyoto;Lagos;Lahore;Las Vegas;Lausanne;Leeds;\
    Leipzig;Lille;Lisbon;Liverpool;Ljubljana;London;Los Angeles;Lyon;Madrid;Malmö;Manchester;Manila;Marseille;Mecca;Melbourne;Mexico City;Miami;Milwaukee;Minneapolis;Minsk;Montevideo;Montreal;Moscow;Mumbai;Munich;\
    Nairobi;Nantes;Naples;New Delhi;Nice;Nuremberg;Odense;Osaka;Oslo;Ottawa;Palermo;Perth;Philadelphia;Phoenix;Pittsburgh;Porto;Portland;Prague;Pretoria;Reykjavik;Riga;Rio de Janeiro;Riyadh;Rome;Rotterdam;Salzburg;\
    San Antonio;San Diego;San Francisco;San José;Sarajevo;Seattle;Seoul;Seville;Shanghai;Sheffield;Shenzhen;Sofia;Stockholm;Strasbourg;Stuttgart;São Paulo;Tallinn;Tampere;Tashkent;Tbilisi;Tehran;Tel Aviv;The Hague;Tokyo;\
    Toronto;Toulouse;Trieste;Trondheim;Tunis;Turin;Turku;Uppsala;Utrecht;Valencia;Vancouver;Venice;Verona;Vienna;Vilnius;Warsaw;Wellington;Winnipeg;Wrocław;Yokohama;Zagreb;Zaragoza;Zurich;Zürich
    """
}
