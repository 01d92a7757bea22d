using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Keyway.Plugins;

namespace Keyway.Hosting.Plugins;

/// <summary>Reads assemblies as files. No code of a plugin runs, and nothing is loaded.</summary>
internal static class PluginMetadata
{
    /// <summary>Reads the plugin attribute of an assembly.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The attribute's arguments, empty where it has none that can be read; <see langword="null"/> when the file carries no such attribute or is no assembly.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static PluginManifest? ReadAttribute(string path) => Read<PluginManifest>(path, reader =>
    {
        foreach (CustomAttributeHandle handle in reader.GetAssemblyDefinition().GetCustomAttributes())
        {
            CustomAttribute attribute = reader.GetCustomAttribute(handle);
            if (IsPluginAttribute(reader, attribute)) return Decode(path, attribute);
        }

        return null;
    });

    /// <summary>Reads the texts that an assembly has about itself (<c>AssemblyMetadata</c>), by their names.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The texts; <see langword="null"/> when the file is no assembly.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static IReadOnlyDictionary<string, string>? ReadTexts(string path) => Read(path, static reader =>
    {
        Dictionary<string, string> texts = new(StringComparer.OrdinalIgnoreCase);
        foreach (CustomAttributeHandle handle in reader.GetAssemblyDefinition().GetCustomAttributes())
        {
            CustomAttribute attribute = reader.GetCustomAttribute(handle);
            if (!IsText(reader, attribute)) continue;
            ImmutableArray<CustomAttributeTypedArgument<string>> pair = attribute.DecodeValue(TypeNames.Instance).FixedArguments;
            if (pair is [{ Value: string name }, { Value: string text }]) texts.TryAdd(name, text);
        }

        return texts;
    });

    /// <summary>Reads the version of an assembly.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The version, or <see langword="null"/> when the file is no assembly.</returns>
    public static Version? ReadVersion(string path) => Read(path, static reader => reader.GetAssemblyDefinition().Version);

    /// <summary>Reads which assemblies an assembly was built against.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Their names and versions; <see langword="null"/> when the file is no assembly.</returns>
    public static IReadOnlyList<(string Name, Version Version)>? ReadReferences(string path) => Read(path, static reader =>
        reader.AssemblyReferences.Select(reader.GetAssemblyReference).Select(reference => (reader.GetString(reference.Name), reference.Version)).ToArray());

    private static T? Read<T>(string path, Func<MetadataReader, T?> read)
        where T : class
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using PEReader image = new(file);
            if (!image.HasMetadata) return null;
            MetadataReader reader = image.GetMetadataReader();
            return reader.IsAssembly ? read(reader) : null;
        }
        catch (BadImageFormatException)
        {
            // Native libraries are called .dll too.
            return null;
        }
    }

    // [assembly: KeywayPlugin(…)] is a call of a constructor that is a member of a type of another assembly: the contract.
    private static bool IsPluginAttribute(MetadataReader reader, CustomAttribute attribute)
    {
        if (attribute.Constructor.Kind != HandleKind.MemberReference) return false;
        EntityHandle parent = reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
        if (parent.Kind != HandleKind.TypeReference) return false;
        TypeReference type = reader.GetTypeReference((TypeReferenceHandle)parent);
        return type.ResolutionScope.Kind == HandleKind.AssemblyReference
            && reader.StringComparer.Equals(type.Name, nameof(KeywayPluginAttribute))
            && reader.StringComparer.Equals(type.Namespace, typeof(KeywayPluginAttribute).Namespace!)
            && reader.StringComparer.Equals(
                reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name, typeof(KeywayPluginAttribute).Assembly.GetName().Name!);
    }

    private static bool IsText(MetadataReader reader, CustomAttribute attribute)
    {
        if (attribute.Constructor.Kind != HandleKind.MemberReference) return false;
        EntityHandle parent = reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
        if (parent.Kind != HandleKind.TypeReference) return false;
        TypeReference type = reader.GetTypeReference((TypeReferenceHandle)parent);
        return reader.StringComparer.Equals(type.Name, nameof(AssemblyMetadataAttribute)) && reader.StringComparer.Equals(type.Namespace, typeof(AssemblyMetadataAttribute).Namespace!);
    }

    private static PluginManifest Decode(string path, CustomAttribute attribute)
    {
        ImmutableArray<CustomAttributeTypedArgument<string>> arguments = [];
        try
        {
            arguments = attribute.DecodeValue(TypeNames.Instance).FixedArguments;
        }
        catch (BadImageFormatException)
        {
            // The attribute is there and says nothing: the caller names the fault.
        }

        return new PluginManifest { Id = Argument(0), EntryPoint = Argument(1), Contract = Argument(2), AssemblyPath = path };

        string Argument(int index) => index < arguments.Length && arguments[index].Value is string text ? text : "";
    }

    /// <summary>Types as their names: a <see cref="Type"/> argument is stored as a string.</summary>
    private sealed class TypeNames : ICustomAttributeTypeProvider<string>
    {
        public static TypeNames Instance { get; } = new();

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetSystemType() => nameof(Type);

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
            reader.GetString(reader.GetTypeDefinition(handle).Name);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            reader.GetString(reader.GetTypeReference(handle).Name);

        public string GetTypeFromSerializedName(string name) => name;

        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;

        public bool IsSystemType(string type) => type == nameof(Type);
    }
}
