namespace Keyway;

/// <summary>Base64 as manifests have it.</summary>
internal static class LenientBase64
{
    /// <summary>Reads it: white space within is passed over. Packagers leave the padding out, and some write the alphabet of URLs.</summary>
    /// <returns><see langword="false"/>: it is none.</returns>
    public static bool TryRead(string text, out byte[] bytes)
    {
        bytes = [];
        try
        {
            string letters = string.Concat(text.Where(static letter => !char.IsWhiteSpace(letter))).TrimEnd('=').Replace('-', '+').Replace('_', '/');
            bytes = Convert.FromBase64String(letters.PadRight((letters.Length + 3) / 4 * 4, '='));
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
