namespace Keyway;

/// <summary>The committed documents of what a service answers to (docs/openapi).</summary>
internal static class OpenApiFile
{
    private static readonly string Folder = Path.Combine(Testing.Corpus.Root, "docs", "openapi");

    /// <summary>Compares what a service says with what is committed; with <c>KEYWAY_UPDATE_OPENAPI=1</c> writes it first.</summary>
    /// <param name="name">The file, without its ending.</param>
    /// <param name="document">What the service says, without what is another in each run.</param>
    public static void ShouldBeCommitted(string name, string document)
    {
        string file = Path.Combine(Folder, name + ".json");
        if (Environment.GetEnvironmentVariable("KEYWAY_UPDATE_OPENAPI") == "1")
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(file, document);
        }

        document.Should().Be(File.ReadAllText(file), "KEYWAY_UPDATE_OPENAPI=1 writes {0} anew", file);
    }
}
