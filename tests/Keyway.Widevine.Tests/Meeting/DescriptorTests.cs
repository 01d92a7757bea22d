using System.Globalization;

namespace Keyway.Widevine.Meeting;

/// <summary>Plugin and sandbox were typed from the same facts by different hands. Where both have a message, they must agree.</summary>
public sealed class DescriptorTests
{
    [Fact]
    public void Plugin_and_sandbox_agree_on_every_field_that_both_have()
    {
        Comparison comparison = Compare(Text("plugin"), Text("sandbox"));
        comparison.Differences.Should().BeEmpty();
        comparison.Messages.Should().BeGreaterThan(20);
        comparison.Fields.Should().BeGreaterThan(150);
    }

    [Fact]
    public void Fields_that_only_one_of_them_has_are_these()
    {
        // The service reads and writes some that a client passes over, and the other way round. A new one belongs in this list.
        Compare(Text("plugin"), Text("sandbox")).OnlyOneHas.Should().BeEquivalentTo(KnownAbsences);
    }

    [Theory]
    [InlineData("optional int64 license_start_time = 4", "optional int64 license_start_time = 40", "License 4")]
    [InlineData("optional int64 license_start_time = 4", "optional int32 license_start_time = 4", "License 4")]
    [InlineData("repeated bytes group_ids = 11", "optional bytes group_ids = 11", "License 11")]
    [InlineData("repeated KeyContainer key = 3", "repeated bytes key = 3", "License 3")]
    [InlineData("[default = NO_VERIFICATION]", "[default = TAMPERED]", "License 10")]
    [InlineData("SOFTWARE_VERIFIED = 2", "SOFTWARE_VERIFIED = 6", "PlatformVerificationStatus")]
    public void Comparison_notices_a_slip(string right, string wrong, string where)
    {
        string sandbox = Text("sandbox");
        sandbox.Should().Contain(right);
        Comparison comparison = Compare(Text("plugin"), sandbox.Replace(right, wrong, StringComparison.Ordinal));
        comparison.Differences.Concat(comparison.OnlyOneHas.Except(KnownAbsences)).Should().Contain(line => line.Contains(where, StringComparison.Ordinal));
    }

    private static readonly string[] KnownAbsences = ["plugin: SignedMessage 11 using_secondary_key"];

    private static string Text(string side) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "meeting", $"{side}.proto"));

    private static Comparison Compare(string plugin, string sandbox)
    {
        Comparison comparison = new(ProtoFile.Read(plugin), ProtoFile.Read(sandbox));
        comparison.Run();
        return comparison;
    }

    /// <summary>Pairs messages by their own name, wherever they are nested, and those that a field of the same number has.</summary>
    private sealed class Comparison(ProtoFile left, ProtoFile right)
    {
        private readonly HashSet<(string Left, string Right)> _paired = [];

        public List<string> Differences { get; } = [];

        public List<string> OnlyOneHas { get; } = [];

        public int Messages => _paired.Count;

        public int Fields { get; private set; }

        public void Run()
        {
            foreach (string name in left.Messages.Keys)
                foreach (string other in right.Messages.Keys)
                    if (Last(name) == Last(other)) Pair(name, other);
            foreach (string name in left.Messages.Keys.Where(name => !_paired.Any(pair => pair.Left == name))) OnlyOneHas.Add($"plugin: message {name}");
            foreach (string name in right.Messages.Keys.Where(name => !_paired.Any(pair => pair.Right == name))) OnlyOneHas.Add($"sandbox: message {name}");
        }

        private void Pair(string name, string other)
        {
            if (!_paired.Add((name, other))) return;
            Dictionary<int, ProtoField> ours = left.Messages[name], theirs = right.Messages[other];
            foreach ((int number, ProtoField field) in ours)
            {
                if (theirs.TryGetValue(number, out ProtoField? twin)) Agree(name, other, number, field, twin);
                else OnlyOneHas.Add($"plugin: {Last(name)} {number} {field.Name}");
            }

            foreach ((int number, ProtoField field) in theirs)
                if (!ours.ContainsKey(number)) OnlyOneHas.Add($"sandbox: {Last(other)} {number} {field.Name}");
        }

        private void Agree(string name, string other, int number, ProtoField field, ProtoField twin)
        {
            Fields++;
            string where = $"{Last(name)} {number} ({field.Name}, {twin.Name})";
            if (field.Label != twin.Label) Differences.Add($"{where}: {field.Label}, {twin.Label}");
            string? type = left.Resolve(name, field.Type), twinType = right.Resolve(other, twin.Type);
            string initial = Initial(left, type, field), twinInitial = Initial(right, twinType, twin);
            if (initial != twinInitial) Differences.Add($"{where}: without a value it is {initial}, {twinInitial}");
            if (type is null || twinType is null)
            {
                if (type is not null || twinType is not null || field.Type != twin.Type) Differences.Add($"{where}: {field.Type}, {twin.Type}");
            }
            else if (left.Messages.ContainsKey(type) && right.Messages.ContainsKey(twinType)) Pair(type, twinType);
            else if (left.Enumerations.TryGetValue(type, out SortedDictionary<int, string>? values) && right.Enumerations.TryGetValue(twinType, out SortedDictionary<int, string>? twins))
            {
                if (!values.Keys.SequenceEqual(twins.Keys) || values.Any(value => !IsSame(value.Value, twins[value.Key]))) Differences.Add($"{where}: {Last(type)} has other values: {string.Join(' ', values.Except(twins).Concat(twins.Except(values)))}");
            }
            else Differences.Add($"{where}: {field.Type}, {twin.Type}");
        }

        /// <summary>Prefixes are each side's own business: values of an enumeration share a scope in C++.</summary>
        private static bool IsSame(string value, string twin) => value == twin || value.EndsWith("_" + twin, StringComparison.Ordinal) || twin.EndsWith("_" + value, StringComparison.Ordinal);

        /// <summary>What a field is that is absent: a default that is spelled out may be the one of its type.</summary>
        private static string Initial(ProtoFile file, string? type, ProtoField field)
        {
            string stated = field.Options.Contains("default =", StringComparison.Ordinal) ? field.Options.Split(' ')[3] : "";
            if (type is not null && file.Enumerations.TryGetValue(type, out SortedDictionary<int, string>? values))
                return stated.Length > 0 ? values.Single(value => value.Value == stated).Key.ToString(CultureInfo.InvariantCulture) : file.First(type);
            return stated is "" or "0" or "false" ? "as the type" : stated;
        }

        private static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];
    }
}
