using System.Reflection;

namespace Keyway.Fleet.Page;

/// <summary>The page: one table, the alerts, and each stream's story. Everything is in the program.</summary>
internal static class PageEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        byte[] html = Read("fleet.html"), script = Read("fleet.js"), style = Read("fleet.css");
        routes.MapGet("/", () => Results.Bytes(html, "text/html; charset=utf-8")).ExcludeFromDescription();
        routes.MapGet("/streams/{name}", () => Results.Bytes(html, "text/html; charset=utf-8")).ExcludeFromDescription();
        routes.MapGet("/fleet.js", () => Results.Bytes(script, "text/javascript; charset=utf-8")).ExcludeFromDescription();
        routes.MapGet("/fleet.css", () => Results.Bytes(style, "text/css; charset=utf-8")).ExcludeFromDescription();
    }

    private static byte[] Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the program");
        using MemoryStream memory = new();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
