namespace Keyway.Mp4.Boxes;

/// <summary>The four-character codes that this room knows by name.</summary>
internal static class FourCc
{
    public const uint Ftyp = 0x66747970, Styp = 0x73747970, Moov = 0x6D6F6F76, Moof = 0x6D6F6F66, Mdat = 0x6D646174, Free = 0x66726565;
    public const uint Mvhd = 0x6D766864, Trak = 0x7472616B, Tkhd = 0x746B6864, Mdia = 0x6D646961, Mdhd = 0x6D646864, Hdlr = 0x68646C72;
    public const uint Minf = 0x6D696E66, Stbl = 0x7374626C, Stsd = 0x73747364, Stts = 0x73747473, Ctts = 0x63747473, Stsc = 0x73747363;
    public const uint Stsz = 0x7374737A, Stz2 = 0x73747A32, Stco = 0x7374636F, Co64 = 0x636F3634, Stss = 0x73747373;
    public const uint Edts = 0x65647473, Elst = 0x656C7374, Mvex = 0x6D766578, Mehd = 0x6D656864, Trex = 0x74726578, Tref = 0x74726566;
    public const uint Mfhd = 0x6D666864, Traf = 0x74726166, Tfhd = 0x74666864, Tfdt = 0x74666474, Trun = 0x7472756E;
    public const uint Sinf = 0x73696E66, Frma = 0x66726D61, Schm = 0x7363686D, Schi = 0x73636869, Tenc = 0x74656E63;
    public const uint Senc = 0x73656E63, Saiz = 0x7361697A, Saio = 0x7361696F, Sgpd = 0x73677064, Sbgp = 0x73626770, Csgp = 0x63736770;
    public const uint Seig = 0x73656967, Udta = 0x75647461, Meta = 0x6D657461, Subs = 0x73756273, Sdtp = 0x73647470, Cslg = 0x63736C67, Pssh = 0x70737368, Uuid = 0x75756964, AvcC = 0x61766343, Avc1 = 0x61766331, Hvc1 = 0x68766331, Hev1 = 0x68657631, Mp4a = 0x6D703461, Avc3 = 0x61766333;
    public const uint Piff = 0x70696666, Encv = 0x656E6376, Enca = 0x656E6361, Enct = 0x656E6374, Encs = 0x656E6373, Encm = 0x656E636D;
    public const uint Ac3 = 0x61632D33, Ec3 = 0x65632D33, FLaC = 0x664C6143, Av01 = 0x61763031, Vp08 = 0x76703038, Vp09 = 0x76703039, Opus = 0x4F707573, Alac = 0x616C6163;
    public const uint Dtsc = 0x64747363, Dtsh = 0x64747368, Dtsl = 0x6474736C, Dtse = 0x64747365, Stpp = 0x73747070, Wvtt = 0x77767474;
    public const uint HvcC = 0x68766343, VvcC = 0x76766343, Esds = 0x65736473, Wave = 0x77617665, Dac3 = 0x64616333, Dec3 = 0x64656333, VpcC = 0x76706343, Av1C = 0x61763143, DOps = 0x644F7073;
    public const uint Vide = 0x76696465, Soun = 0x736F756E, Subt = 0x73756274, Auxv = 0x61757876, Pict = 0x70696374;

    /// <summary>The four characters; what does not print becomes a dot, so that hostile codes stay harmless in a message.</summary>
    public static string Text(uint code)
    {
        return string.Create(4, code, static (text, value) =>
        {
            for (int i = 0; i < 4; i++)
            {
                byte c = (byte)(value >> (24 - (8 * i)));
                text[i] = c is >= 0x20 and < 0x7F ? (char)c : '.';
            }
        });
    }

    /// <summary>Whether all four characters print: what a real code looks like.</summary>
    public static bool Prints(uint code)
    {
        for (int i = 0; i < 4; i++, code >>= 8)
            if ((byte)code is not (>= 0x20 and < 0x7F or 0xA9)) return false;
        return true;
    }
}
