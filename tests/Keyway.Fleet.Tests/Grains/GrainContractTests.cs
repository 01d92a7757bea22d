using System.Reflection;
using Orleans.CodeGeneration;

namespace Keyway.Fleet.Grains;

/// <summary>Keys do not move, work does: nothing that travels between silos can hold a byte of one.</summary>
public sealed class GrainContractTests
{
    private static readonly Type[] Simple =
        [typeof(string), typeof(bool), typeof(int), typeof(long), typeof(double), typeof(DateTimeOffset), typeof(TimeSpan), typeof(void)];

    private static Type[] Interfaces => [.. typeof(IStreamGrain).Assembly.GetTypes().Where(static type => type.IsInterface && type != typeof(IGrain) && typeof(IAddressable).IsAssignableFrom(type))];

    [Fact]
    public void No_grain_interface_has_bytes()
    {
        Interfaces.Should().HaveCountGreaterThanOrEqualTo(5);
        foreach (Type grain in Interfaces)
            foreach (MethodInfo method in grain.GetMethods())
                foreach (Type type in (Type[])[method.ReturnType, .. method.GetParameters().Select(static each => each.ParameterType)])
                    Faults(type, $"{grain.Name}.{method.Name}", []).Should().BeEmpty();
    }

    [Theory]
    [InlineData(typeof(Task<byte[]>))]
    [InlineData(typeof(ReadOnlyMemory<byte>))]
    [InlineData(typeof(IReadOnlyList<Memory<byte>>))]
    [InlineData(typeof(object))]
    [InlineData(typeof(Dictionary<string, object>))]
    [InlineData(typeof(Stream))]
    [InlineData(typeof(KeyFactsWithBytes))]
    public void The_walk_sees_bytes_wherever_they_are(Type type) => Faults(type, "here", []).Should().NotBeEmpty();

    [Fact]
    public void Every_message_has_numbered_members_and_a_name_and_every_interface_a_version()
    {
        foreach (Type grain in Interfaces)
        {
            grain.GetCustomAttribute<VersionAttribute>().Should().NotBeNull(grain.Name);
            grain.GetCustomAttribute<AliasAttribute>().Should().NotBeNull(grain.Name);
            foreach (MethodInfo method in grain.GetMethods()) method.GetCustomAttribute<AliasAttribute>().Should().NotBeNull($"{grain.Name}.{method.Name}");
        }

        Type[] messages = [.. typeof(IStreamGrain).Assembly.GetTypes().Where(static type => type.Namespace?.StartsWith("Keyway.Fleet", StringComparison.Ordinal) == true && type.GetCustomAttribute<GenerateSerializerAttribute>() is not null)];
        messages.Should().HaveCountGreaterThan(10);
        foreach (Type message in messages)
        {
            message.GetCustomAttribute<AliasAttribute>().Should().NotBeNull(message.Name);
            PropertyInfo[] members = [.. message.GetProperties().Where(static member => member.CanWrite)];
            members.Select(static member => (int?)member.GetCustomAttribute<IdAttribute>()?.Id).Should().OnlyHaveUniqueItems(message.Name).And.NotContainNulls(message.Name);
        }
    }

    /// <summary>The places of a type, and of all that it is made of, that could hold bytes.</summary>
    private static IEnumerable<string> Faults(Type type, string place, HashSet<Type> seen)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (Simple.Contains(type) || type.IsEnum || !seen.Add(type)) yield break;
        if (type == typeof(Task)) yield break;
        if (type.IsGenericType)
        {
            Type definition = type.GetGenericTypeDefinition();
            if (definition == typeof(Task<>) || definition == typeof(IAsyncEnumerable<>) || definition == typeof(IReadOnlyList<>) || definition == typeof(IReadOnlyDictionary<,>) || definition == typeof(Dictionary<,>))
            {
                foreach (Type argument in type.GetGenericArguments())
                    foreach (string fault in Faults(argument, place, seen)) yield return fault;
                yield break;
            }
        }

        if (type.GetCustomAttribute<GenerateSerializerAttribute>() is null)
        {
            yield return $"{place}: {type} is none of what may travel";
            yield break;
        }

        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            foreach (string fault in Faults(field.FieldType, $"{place}.{field.Name}", seen)) yield return fault;
    }

    [GenerateSerializer]
    internal sealed record KeyFactsWithBytes
    {
        [Id(0)]
        public byte[] Key { get; init; } = [];
    }
}
