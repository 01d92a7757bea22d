using Keyway.Testing;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Keyway.Fleet;

/// <summary>The committed documents of all services, read by the library that wrote one of them.</summary>
public sealed class OpenApiDocumentsTests
{
    [Theory]
    [InlineData("fleet", "/api/streams")]
    [InlineData("relay", "/manifest.mpd")]
    [InlineData("sandbox", "/clearkey")]
    public void Document_is_read_without_an_error(string name, string path)
    {
        ReadResult read = OpenApiDocument.Parse(File.ReadAllText(Path.Combine(Corpus.Root, "docs", "openapi", name + ".json")), "json");
        read.Diagnostic!.Errors.Select(static error => error.ToString()).Should().BeEmpty();
        read.Document!.Paths.Keys.Should().Contain(path);
    }
}
