using System.Globalization;
using System.Text;

namespace Keyway.Testing;

/// <summary>The needles of each way to read a text.</summary>
internal sealed class LeakNeedleSet
{
    // Eight bytes meet by chance once in 10^19 places: short enough to find a key that was cut, long enough to accuse nobody.
    private const int ChunkOfBytes = 8;

    // Words of a language repeat: texts are cut into longer pieces.
    private const int ChunkOfText = 16;

    private const int FewestDifferent = 5;

    public LeakNeedles Raw { get; } = new();

    public LeakNeedles Hexadecimal { get; } = new();

    public LeakNeedles Base64 { get; } = new();

    public LeakNeedles Decimal { get; } = new();

    /// <summary>Adds a secret in all its forms, whole and in pieces.</summary>
    /// <returns>How many pieces can be told from chance.</returns>
    public int Add(string name, ReadOnlySpan<byte> secret, bool isText)
    {
        int pieces = AddPieces(name, secret, isText ? ChunkOfText : ChunkOfBytes, form: null);
        if (secret.Length != 16 || isText) return pieces;
        byte[] guid = secret.ToArray();
        Array.Reverse(guid, 0, 4);
        Array.Reverse(guid, 4, 2);
        Array.Reverse(guid, 6, 2);
        return pieces + AddPieces(name, guid.AsSpan(0, ChunkOfBytes), ChunkOfBytes, LeakForm.GuidOrder);
    }

    private int AddPieces(string name, ReadOnlySpan<byte> secret, int chunk, LeakForm? form)
    {
        int pieces = 0;
        for (int at = 0; at < secret.Length; at += chunk)
        {
            // The last one is whole too: it reaches back.
            int begin = Math.Max(0, Math.Min(at, secret.Length - chunk));
            ReadOnlySpan<byte> piece = secret[begin..Math.Min(secret.Length, begin + chunk)];
            if (IsCommon(piece)) continue;
            AddForms(name, piece, form);
            pieces++;
        }

        return pieces;
    }

    private void AddForms(string name, ReadOnlySpan<byte> piece, LeakForm? form)
    {
        Raw.Add(Encoding.Latin1.GetString(piece), name, form ?? LeakForm.Raw);
        Hexadecimal.Add(Convert.ToHexStringLower(piece), name, form ?? LeakForm.Hexadecimal);
        for (int before = 0; before < 3; before++) Base64.Add(Base64Inside(piece, before), name, form ?? LeakForm.Base64);
        StringBuilder numbers = new(","), signed = new(",");
        foreach (byte value in piece)
        {
            numbers.Append(CultureInfo.InvariantCulture, $"{value},");
            signed.Append(CultureInfo.InvariantCulture, $"{Math.Abs((int)(sbyte)value)},");
        }

        Decimal.Add(numbers.ToString(), name, form ?? LeakForm.DecimalList);
        Decimal.Add(signed.ToString(), name, form ?? LeakForm.DecimalList);
    }

    /// <summary>The letters that bytes make certain, whatever stands around them, when a number of bytes modulo 3 stands before them.</summary>
    private static string Base64Inside(ReadOnlySpan<byte> piece, int before)
    {
        byte[] padded = new byte[before + piece.Length];
        piece.CopyTo(padded.AsSpan(before));
        int first = ((8 * before) + 5) / 6, end = 8 * padded.Length / 6;
        return Convert.ToBase64String(padded)[first..end];
    }

    private static bool IsCommon(ReadOnlySpan<byte> piece)
    {
        HashSet<byte> different = [];
        foreach (byte value in piece) different.Add(value);
        return different.Count < FewestDifferent;
    }
}
