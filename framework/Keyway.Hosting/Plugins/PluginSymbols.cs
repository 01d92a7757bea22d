using System.Collections.Immutable;
using System.Globalization;
using System.Reflection.Metadata;

namespace Keyway.Hosting.Plugins;

/// <summary>
/// Names of types in metadata as documentation comments write them (ECMA-334, annex D.4.2): what the lists of banned symbols are written in.
/// </summary>
internal sealed class PluginSymbols : ISignatureTypeProvider<string, object?>
{
    public static PluginSymbols Instance { get; } = new();

    /// <summary>The name of a member of another assembly: <c>M:Some.Type.Method``1(System.String)</c>. Only names of methods and of properties are made.</summary>
    /// <returns>The names that it may stand under in a list; none for fields and for members of arrays.</returns>
    public static IEnumerable<string> NamesOf(MetadataReader reader, MemberReference member)
    {
        if (member.GetKind() != MemberReferenceKind.Method || TypeOf(reader, member.Parent) is not { } type) yield break;
        MethodSignature<string> signature = member.DecodeMethodSignature(Instance, null);
        string name = reader.GetString(member.Name);
        string arity = signature.GenericParameterCount > 0 ? string.Create(CultureInfo.InvariantCulture, $"``{signature.GenericParameterCount}") : "";
        string parameters = signature.ParameterTypes.IsEmpty ? "" : $"({string.Join(',', signature.ParameterTypes)})";
        yield return $"M:{type}.{name.Replace('.', '#')}{arity}{parameters}";
        if (name.StartsWith("get_", StringComparison.Ordinal) || name.StartsWith("set_", StringComparison.Ordinal)) yield return $"P:{type}.{name[4..]}";
    }

    /// <summary>The name of a type as it is declared: <c>System.Threading.AsyncLocal`1</c>.</summary>
    public static string NameOf(MetadataReader reader, TypeReference type)
    {
        string name = reader.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference) return $"{NameOf(reader, reader.GetTypeReference((TypeReferenceHandle)type.ResolutionScope))}.{name}";
        string space = reader.GetString(type.Namespace);
        return space.Length == 0 ? name : $"{space}.{name}";
    }

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => $"System.{typeCode}";

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        if (!type.GetDeclaringType().IsNil) return $"{GetTypeFromDefinition(reader, type.GetDeclaringType(), rawTypeKind)}.{name}";
        string space = reader.GetString(type.Namespace);
        return space.Length == 0 ? name : $"{space}.{name}";
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => NameOf(reader, reader.GetTypeReference(handle));

    public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments)
    {
        int tick = genericType.LastIndexOf('`');
        return $"{(tick < 0 ? genericType : genericType[..tick])}{{{string.Join(',', typeArguments)}}}";
    }

    public string GetGenericMethodParameter(object? genericContext, int index) => string.Create(CultureInfo.InvariantCulture, $"``{index}");

    public string GetGenericTypeParameter(object? genericContext, int index) => string.Create(CultureInfo.InvariantCulture, $"`{index}");

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{string.Join(',', Enumerable.Repeat("0:", shape.Rank))}]";

    public string GetByReferenceType(string elementType) => elementType + "@";

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPinnedType(string elementType) => elementType;

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

    public string GetFunctionPointerType(MethodSignature<string> signature) => "function";

    private static string? TypeOf(MetadataReader reader, EntityHandle parent) => parent.Kind switch
    {
        HandleKind.TypeReference => NameOf(reader, reader.GetTypeReference((TypeReferenceHandle)parent)),
        HandleKind.TypeSpecification => reader.GetTypeSpecification((TypeSpecificationHandle)parent).DecodeSignature(Declared.Instance, null),
        _ => null,
    };

    /// <summary>The same, where an instance of a generic type has the name of the type that it is one of.</summary>
    private sealed class Declared : ISignatureTypeProvider<string, object?>
    {
        public static Declared Instance { get; } = new();

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => genericType;

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => PluginSymbols.Instance.GetPrimitiveType(typeCode);

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => PluginSymbols.Instance.GetTypeFromDefinition(reader, handle, rawTypeKind);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => PluginSymbols.Instance.GetTypeFromReference(reader, handle, rawTypeKind);

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public string GetGenericMethodParameter(object? genericContext, int index) => "";

        public string GetGenericTypeParameter(object? genericContext, int index) => "";

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetArrayType(string elementType, ArrayShape shape) => elementType + "[]";

        public string GetByReferenceType(string elementType) => elementType;

        public string GetPointerType(string elementType) => elementType;

        public string GetPinnedType(string elementType) => elementType;

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetFunctionPointerType(MethodSignature<string> signature) => "";
    }
}
