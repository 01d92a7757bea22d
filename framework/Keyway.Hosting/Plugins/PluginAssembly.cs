using System.Collections.Frozen;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Keyway.Hosting.Plugins;

/// <summary>What a plugin's assembly says of itself beyond its attribute, read as a file: how it was built, what it calls, what its static fields keep.</summary>
internal static class PluginAssembly
{
    private const string ListName = "Keyway.Hosting.plugin-banned-symbols.txt";

    // What the runtime or a library keeps alive, and with it whoever made it.
    private static readonly FrozenSet<string> Timers = FrozenSet.Create(
        StringComparer.Ordinal, "System.Threading.Timer", "System.Threading.PeriodicTimer", "System.Threading.ITimer", "System.Timers.Timer");

    private static readonly Lazy<FrozenDictionary<string, string>> List = new(ReadList);

    /// <summary>The symbols that plugins must not use, as documentation comments write them, each with the reason.</summary>
    public static IReadOnlyDictionary<string, string> Banned => List.Value;

    /// <summary>Whether the same source gives the same bytes: the compiler says so in the file.</summary>
    public static bool IsDeterministic(string path)
    {
        using PEReader image = new(File.OpenRead(path));
        return image.ReadDebugDirectory().Any(static entry => entry.Type == DebugDirectoryEntryType.Reproducible);
    }

    /// <summary>What it uses of <see cref="Banned"/>, a line each.</summary>
    public static IReadOnlyList<string> FindBanned(string path) => Read(path, static reader =>
    {
        IEnumerable<string> types = reader.TypeReferences.Select(handle => $"T:{PluginSymbols.NameOf(reader, reader.GetTypeReference(handle))}");
        IEnumerable<string> members = reader.MemberReferences.SelectMany(handle => PluginSymbols.NamesOf(reader, reader.GetMemberReference(handle)));
        return types.Concat(members).Where(Banned.ContainsKey).Distinct().Select(name => $"{name[2..]} ({Banned[name]})").ToArray();
    });

    /// <summary>Its static fields that are timers.</summary>
    public static IReadOnlyList<string> FindStaticTimers(string path) => Read(path, static reader =>
    {
        List<string> found = [];
        foreach (FieldDefinitionHandle handle in reader.FieldDefinitions)
        {
            FieldDefinition field = reader.GetFieldDefinition(handle);
            if (!field.Attributes.HasFlag(FieldAttributes.Static)) continue;
            string type = field.DecodeSignature(PluginSymbols.Instance, null);
            if (Timers.Contains(type)) found.Add($"{PluginSymbols.Instance.GetTypeFromDefinition(reader, field.GetDeclaringType(), 0)}.{reader.GetString(field.Name)} is a {type}");
        }

        return found;
    });

    private static IReadOnlyList<string> Read(string path, Func<MetadataReader, IReadOnlyList<string>> read)
    {
        using PEReader image = new(File.OpenRead(path));
        return read(image.GetMetadataReader());
    }

    private static FrozenDictionary<string, string> ReadList()
    {
        using StreamReader lines = new(typeof(PluginAssembly).Assembly.GetManifestResourceStream(ListName)!);
        Dictionary<string, string> found = [];
        while (lines.ReadLine() is { } line)
            if (line.IndexOf(';') is > 0 and int end) found.TryAdd(line[..end], line[(end + 1)..]);
        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
