using System.Reflection;

namespace Keyway.Hosting.Configuration;

/// <summary>The schema of the section <c>Keyway</c> (JSON Schema, draft 2020-12): for editors, and for checks of files before a host starts with them.</summary>
public static class ConfigurationSchema
{
    /// <summary>Opens the schema.</summary>
    /// <returns>Its text, UTF-8. Ownership: the caller's.</returns>
    public static Stream Open() =>
        Assembly.GetExecutingAssembly().GetManifestResourceStream("Keyway.Hosting.configuration-schema.json") ?? throw new InvalidOperationException("the assembly lacks its schema");
}
