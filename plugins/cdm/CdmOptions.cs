using System.Globalization;
using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Cdm;

/// <summary>The settings of one entry of configuration (<c>Keyway:KeySystems:NAME:Settings</c>), read by hand. All errors are reported together.</summary>
internal sealed record CdmOptions
{
    private static readonly string[] Names =
    [
        "Module", "Pin", "KeySystem", "System", "DistinctiveIdentifier", "PersistentState", "EveryBlock", "Sandbox", "AnswerTimeout", "DecryptTimeout", "IdleTime",
    ];

    /// <summary>The name of the entry.</summary>
    public string Name { get; init; } = CdmConstants.Name;

    /// <summary>The module: an absolute path.</summary>
    public required string Module { get; init; }

    /// <summary>The SHA-256 that it must have; empty: any, with a warning.</summary>
    public ReadOnlyMemory<byte> Pin { get; init; }

    /// <summary>What the module calls its key system.</summary>
    public required string ModuleKeySystem { get; init; }

    /// <summary>The systems whose headers it reads.</summary>
    public required IReadOnlyList<SystemId> Systems { get; init; }

    /// <summary>Whether the module may send what identifies this machine among all.</summary>
    public bool DistinctiveIdentifier { get; init; }

    /// <summary>Whether it may keep files, and licences that outlive their session.</summary>
    public bool PersistentState { get; init; }

    /// <summary>Whether <c>cbcs</c> without a pattern is handed over as a pattern of one block in one.</summary>
    public bool EveryBlock { get; init; }

    /// <summary>Whether a child that cannot be shut in as far as its platform has means for is refused.</summary>
    public bool SandboxRequired { get; init; }

    /// <summary>How long an answer of the module is waited for.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long it may decrypt the samples of one request.</summary>
    public TimeSpan DecryptTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after its last session its process is kept.</summary>
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether it is W3C Clear Key by its name.</summary>
    public bool IsClearKey => ModuleKeySystem == CdmConstants.ClearKey;

    /// <summary>Its file, for people.</summary>
    public string ModuleName => Path.GetFileName(Module);

    /// <summary>Reads the settings.</summary>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.CredentialInvalid"/>: everything that is wrong, a line each.</exception>
    public static CdmOptions Read(IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        List<string> errors = [];
        foreach (IConfigurationSection child in section.GetChildren())
            if (!Names.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) errors.Add($"{child.Path}: not a setting of cdm; known are {string.Join(", ", Names)}");

        string? module = section["Module"];
        if (string.IsNullOrEmpty(module)) errors.Add($"{section.Path}:Module: is missing: the path of the library (libwidevinecdm.so, say)");
        else if (!Path.IsPathFullyQualified(module)) errors.Add($"{section.Path}:Module: is not an absolute path");
        string? keySystem = section["KeySystem"];
        if (string.IsNullOrEmpty(keySystem)) errors.Add($"{section.Path}:KeySystem: is missing: what the module calls its key system ({string.Join(", ", CdmConstants.Systems.Keys)}, …)");

        CdmOptions options = new()
        {
            Name = NameOf(section),
            Module = module ?? "",
            Pin = Hash(section.GetSection("Pin"), errors),
            ModuleKeySystem = keySystem ?? "",
            Systems = SystemsOf(keySystem, section.GetSection("System"), errors),
            DistinctiveIdentifier = Flag(section.GetSection("DistinctiveIdentifier"), errors),
            PersistentState = Flag(section.GetSection("PersistentState"), errors),
            EveryBlock = Flag(section.GetSection("EveryBlock"), errors),
            SandboxRequired = IsRequired(section.GetSection("Sandbox"), errors),
            AnswerTimeout = Span(section.GetSection("AnswerTimeout"), TimeSpan.FromSeconds(10), errors),
            DecryptTimeout = Span(section.GetSection("DecryptTimeout"), TimeSpan.FromSeconds(5), errors),
            IdleTime = Span(section.GetSection("IdleTime"), TimeSpan.FromSeconds(30), errors),
        };
        return errors.Count == 0 ? options : throw CdmError.Settings(errors);
    }

    /// <summary>The entry that the section is the <c>Settings</c> of.</summary>
    private static string NameOf(IConfigurationSection section)
    {
        string[] path = section.Path.Split(':');
        return path.Length > 1 && path[^1].Equals("Settings", StringComparison.OrdinalIgnoreCase) ? path[^2] : CdmConstants.Name;
    }

    /// <summary>What a known key system's headers are is not to be said otherwise: a module is not to open under the name of another.</summary>
    private static SystemId[] SystemsOf(string? keySystem, IConfigurationSection setting, List<string> errors)
    {
        if (string.IsNullOrEmpty(keySystem)) return [];
        if (CdmConstants.Systems.TryGetValue(keySystem, out SystemId[]? known))
        {
            if (setting.Value is not null) errors.Add($"{setting.Path}: is not to be said for {keySystem}, whose headers are known");
            return known;
        }

        if (Guid.TryParse(setting.Value, out Guid system)) return [new SystemId(system)];
        errors.Add(setting.Value is null ? $"{setting.Path}: is missing: the system identifier of the pssh boxes that '{keySystem}' reads" : $"{setting.Path}: is not a system identifier");
        return [];
    }

    private static byte[] Hash(IConfigurationSection setting, List<string> errors)
    {
        if (string.IsNullOrEmpty(setting.Value)) return [];
        string digits = setting.Value.StartsWith("sha256:", StringComparison.OrdinalIgnoreCase) ? setting.Value[7..] : setting.Value;
        byte[] hash = new byte[32];
        if (digits.Length == 64 && Convert.FromHexString(digits, hash, out _, out _) == System.Buffers.OperationStatus.Done) return hash;
        errors.Add($"{setting.Path}: is not the SHA-256 of a file: 64 hexadecimal digits (sha256sum)");
        return [];
    }

    private static bool Flag(IConfigurationSection setting, List<string> errors)
    {
        if (setting.Value is null) return false;
        if (bool.TryParse(setting.Value, out bool value)) return value;
        errors.Add($"{setting.Path}: is true or false");
        return false;
    }

    private static bool IsRequired(IConfigurationSection setting, List<string> errors)
    {
        if (setting.Value is null || setting.Value.Equals("Offered", StringComparison.OrdinalIgnoreCase)) return false;
        if (setting.Value.Equals("Required", StringComparison.OrdinalIgnoreCase)) return true;
        errors.Add($"{setting.Path}: is Offered (what the platform has) or Required (all that this platform can have)");
        return false;
    }

    private static TimeSpan Span(IConfigurationSection setting, TimeSpan initial, List<string> errors)
    {
        if (setting.Value is null) return initial;
        if (TimeSpan.TryParse(setting.Value, CultureInfo.InvariantCulture, out TimeSpan span) && span > TimeSpan.Zero && span <= TimeSpan.FromHours(1)) return span;
        errors.Add($"{setting.Path}: is a time span of at most an hour such as 00:00:10");
        return initial;
    }
}
