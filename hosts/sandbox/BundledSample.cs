namespace Keyway.Sandbox;

/// <summary>The sample content of <c>samples/</c>, which is part of this program.</summary>
internal static class BundledSample
{
    /// <summary>Finds a file.</summary>
    /// <param name="name">Its path below <c>samples/</c>: <c>cenc/manifest.mpd</c>.</param>
    /// <returns>Its bytes, or <see langword="null"/>: there is no such file.</returns>
    public static byte[]? Find(string name)
    {
        using Stream? stream = typeof(BundledSample).Assembly.GetManifestResourceStream(name);
        if (stream is null) return null;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Reads a file that there must be.</summary>
    /// <param name="name">Its path, likewise.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="SandboxException">The program was built without it.</exception>
    public static byte[] Read(string name) => Find(name) ?? throw new SandboxException($"{name} is not in this program");
}
