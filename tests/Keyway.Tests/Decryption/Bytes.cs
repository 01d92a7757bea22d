using System.Globalization;

namespace Keyway.Decryption;

/// <summary>Bytes for tests: the same in every run.</summary>
internal static class Bytes
{
    /// <summary>A key that is used where any will do.</summary>
    public static byte[] Key { get; } = Random(16, 4711);

    public static byte[] Random(int length, int seed)
    {
        // Test data, not secrets.
#pragma warning disable CA5394
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    public static byte[] Hex(string digits) => Convert.FromHexString(digits.Replace(" ", "", StringComparison.Ordinal));

    public static KeyId Id(int number) => new((UInt128)(uint)number);

    public static string Show(IEnumerable<Subsample> subsamples) =>
        string.Join(' ', subsamples.Select(range => string.Create(CultureInfo.InvariantCulture, $"{range.ClearBytes}+{range.ProtectedBytes}")));
}
