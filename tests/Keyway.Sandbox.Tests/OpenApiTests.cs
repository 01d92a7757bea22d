using System.Text.Json;
using System.Text.RegularExpressions;

namespace Keyway.Sandbox;

/// <summary>The document for tools: it is the committed one, and every address that the front page names is in it.</summary>
public sealed partial class OpenApiTests : IAsyncLifetime
{
    private SandboxProcess? _sandbox;

    public async ValueTask InitializeAsync() => _sandbox = await SandboxProcess.StartAsync("--live");

    public ValueTask DisposeAsync() => _sandbox?.DisposeAsync() ?? default;

    [Fact]
    public async Task Document_is_the_committed_one()
    {
        using HttpResponseMessage answer = await _sandbox!.Http.GetAsync(new Uri("openapi.json", UriKind.Relative), TestContext.Current.CancellationToken);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        string document = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        OpenApiFile.ShouldBeCommitted("sandbox", document);
    }

    [Fact]
    public async Task Every_address_of_the_front_page_is_in_it_with_its_method()
    {
        string page = await _sandbox!.Http.GetStringAsync(new Uri("", UriKind.Relative), TestContext.Current.CancellationToken);
        using JsonDocument document = JsonDocument.Parse(await _sandbox.Http.GetStringAsync(new Uri("openapi.json", UriKind.Relative), TestContext.Current.CancellationToken));
        Dictionary<string, string[]> paths = document.RootElement.GetProperty("paths").EnumerateObject()
            .ToDictionary(static path => path.Name, static path => path.Value.EnumerateObject().Select(static member => member.Name).ToArray());
        (string Method, string Path)[] named = [.. AddressPattern().Matches(page).SelectMany(static match => match.Groups[1].Value.Split(", ").Select(method => (method.ToLowerInvariant(), match.Groups[2].Value.TrimEnd('/', ':', ','))))];
        named.Length.Should().BeGreaterThan(30);
        foreach ((string method, string path) in named)
        {
            // NAME and SYSTEM stand for any of several; … for the rest.
            string pattern = $"^{Regex.Escape(path).Replace("NAME", "[^/]+", StringComparison.Ordinal).Replace("SYSTEM", "[^/]+", StringComparison.Ordinal).Replace("…", ".*", StringComparison.Ordinal)}/?$";
            paths.Should().Contain(each => (Regex.IsMatch(each.Key, pattern) || (each.Key.Contains('{') && path.StartsWith(each.Key.Substring(0, each.Key.IndexOf('{')), StringComparison.Ordinal))) && each.Value.Contains(method), "the front page names {0} {1}", method, path);
        }
    }

    [Fact]
    public async Task Document_is_one_that_tools_read()
    {
        using JsonDocument document = JsonDocument.Parse(await _sandbox!.Http.GetStringAsync(new Uri("openapi.json", UriKind.Relative), TestContext.Current.CancellationToken));
        document.RootElement.GetProperty("openapi").GetString().Should().Be("3.1.0");
        HashSet<string> ids = [];
        foreach (JsonProperty path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            path.Name.Should().StartWith("/").And.NotContain("*");
            string[] parameters = path.Value.TryGetProperty("parameters", out JsonElement list) ? [.. list.EnumerateArray().Select(static each => each.GetProperty("name").GetString()!)] : [];
            Regex.Matches(path.Name, @"\{([^}]+)\}").Select(static match => match.Groups[1].Value).Should().BeEquivalentTo(parameters, "each name in {0} is a parameter", path.Name);
            foreach (JsonProperty operation in path.Value.EnumerateObject().Where(static member => member.Name != "parameters"))
            {
                operation.Name.Should().BeOneOf("get", "post", "head", "put", "delete", "options", "patch");
                operation.Value.GetProperty("responses").GetProperty("200").GetProperty("description").GetString().Should().NotBeEmpty();
                operation.Value.GetProperty("description").GetString().Should().NotBeEmpty();
                ids.Add(operation.Value.GetProperty("operationId").GetString()!).Should().BeTrue("the operation of {0} {1} has a name of its own", operation.Name, path.Name);
            }
        }
    }

    [GeneratedRegex(@"\b((?:GET|POST)(?:, (?:GET|POST))*) (/[^\s?,]*)")]
    private static partial Regex AddressPattern();
}
