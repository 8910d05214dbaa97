/**
 * Three tables that hang together by Num, made from nothing: the letters, the characters of Latin-1 with the numbers of the
 * capitals among them, and a thousand random transactions with one line or more each.
 */
export const testDataScript = `
///$tab Test data
Letters:
LOAD
    Chr(Ord('A') - 1 + RecNo()) AS Alpha,
    RecNo() AS Num
AUTOGENERATE 26;

CharacterSet:
Load RecNo() as AsciiNum, Chr(RecNo()) as AsciiAlpha,
    if(RecNo() >= Ord('A') and RecNo() <= Ord('Z'), RecNo() - Ord('A') + 1) as Num
autogenerate 255
Where (RecNo() > 31 and RecNo() < 127) or RecNo() > 159;

Lines:
Load
    TransID, TransLineID,
    mod(TransID, 26) + 1 as Num,
    Pick(Ceil(3 * Chance), 'A', 'B', 'C') as Dim1,
    Pick(Ceil(6 * Chance), 'a', 'b', 'c', 'd', 'e', 'f') as Dim2,
    Pick(Ceil(3 * Rand()), 'X', 'Y', 'Z') as Dim3,
    Round(1000 * Rand() * Rand() * Chance) as Expression1,
    Round(  10 * Rand() * Rand() * Chance) as Expression2,
    Round(Rand() * Chance, 0.00001) as Expression3;
Load
    RecNo() as TransID,
    IterNo() as TransLineID,
    Rand() as Chance
Autogenerate 1000
While IterNo() = 1 or Rand() <= 0.5;

Comment Field Dim1 With "Grows with Dim2";
Comment Field Dim3 With "Independent of the others";
`;
