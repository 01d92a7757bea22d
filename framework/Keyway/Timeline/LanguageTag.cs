namespace Keyway.Timeline;

/// <summary>Compares language tags (BCP 47) as manifests, files and people write them.</summary>
/// <remarks>
/// A language has a code of two letters (ISO 639-1) and one of three, some have two of three (ISO 639-2/B and /T; ISO 639-3 is the latter): <c>de</c>,
/// <c>deu</c> and <c>ger</c> are one. BCP 47 wants the shortest; boxes of MP4 hold three letters.
/// </remarks>
internal static class LanguageTag
{
    // Two letters, then the three that stand for the same. Last: codes that were withdrawn and are still written.
    private const string Codes =
        "aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bhbih bibis bmbam bnben bobod botib brbre bsbos " +
        "cacat ceche chcha cocos crcre csces cscze cuchu cvchv cycym cywel dadan dedeu deger dvdiv dzdzo eeewe elell elgre eneng eoepo esspa etest " +
        "eueus eubaq fafas faper ffful fifin fjfij fofao frfra frfre fyfry gagle gdgla glglg gngrn guguj gvglv hahau heheb hihin hohmo hrhrv hthat " +
        "huhun hyhye hyarm hzher iaina idind ieile igibo iiiii ikipk ioido isisl isice itita iuiku jajpn jvjav kakat kageo kgkon kikik kjkua kkkaz " +
        "klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir lalat lbltz lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah mimri mimao " +
        "mkmkd mkmac mlmal mnmon mrmar msmsa msmay mtmlt mymya mybur nanau nbnob ndnde nenep ngndo nlnld nldut nnnno nonor nrnbl nvnav nynya ococi " +
        "ojoji omorm orori ososs papan pipli plpol pspus ptpor quque rmroh rnrun roron rorum rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk " +
        "skslo slslv smsmo snsna sosom sqsqi sqalb srsrp ssssw stsot susun svswe swswa tatam tetel tgtgk ththa titir tktuk tltgl tntsn toton trtur " +
        "tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid yoyor zazha zhzho zhchi zuzul " +
        "heiw idin yiji jvjw romo srscc hrscr ";

    private static readonly Dictionary<string, string> Shortest = Read();

    /// <summary>Whether a range fits a tag: it is the same, or the same up to a hyphen (basic filtering, RFC 4647, 3.3.1).</summary>
    /// <param name="range">What is wanted.</param>
    /// <param name="tag">What there is.</param>
    public static bool Fits(string range, string tag)
    {
        if (range.Length == 0 || tag.Length == 0) return false;
        string wanted = Canonical(range), there = Canonical(tag);
        return there.StartsWith(wanted, StringComparison.OrdinalIgnoreCase) && (there.Length == wanted.Length || there[wanted.Length] == '-');
    }

    private static string Canonical(string tag)
    {
        string written = tag.Trim().Replace('_', '-');
        int end = written.IndexOf('-');
        string primary = (end < 0 ? written : written[..end]).ToLowerInvariant();
        return Shortest.TryGetValue(primary, out string? shortest) ? shortest + (end < 0 ? "" : written[end..]) : written;
    }

    private static Dictionary<string, string> Read()
    {
        Dictionary<string, string> read = new(StringComparer.Ordinal);
        foreach (string code in Codes.Split(' ', StringSplitOptions.RemoveEmptyEntries)) read.Add(code[2..], code[..2]);
        return read;
    }
}
