using System.Text;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Configuration from JSON text.</summary>
internal static class Configured
{
    /// <summary>The members of the section <c>Keyway</c>, as JSON.</summary>
    public static IConfigurationRoot Root(string keyway, params (string Path, string Value)[] over) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Keyway": {{keyway}} }""")))
        .AddInMemoryCollection(over.Select(pair => KeyValuePair.Create(pair.Path, (string?)pair.Value)))
        .Build();

    public static IConfigurationSection Section(string keyway) => Root(keyway).GetSection("Keyway");

    public static KeywayOptions Options(string keyway) => KeywayOptions.Read(Section(keyway));

    /// <summary>What is wrong, a line each.</summary>
    public static string[] Errors(string keyway)
    {
        try
        {
            Options(keyway);
            return [];
        }
        catch (KeywayConfigurationException e)
        {
            e.Message.Should().Be(string.Join(Environment.NewLine, e.Errors));
            return [.. e.Errors.Select(error => error.ToString())];
        }
    }
}
