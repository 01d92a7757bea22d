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

    private static readonly string[] KnownAbsences = [];

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
            if (field.Options != twin.Options) Differences.Add($"{where}: {field.Options}, {twin.Options}");
            string? type = left.Resolve(name, field.Type), twinType = right.Resolve(other, twin.Type);
            if (type is null || twinType is null)
            {
                if (type is not null || twinType is not null || field.Type != twin.Type) Differences.Add($"{where}: {field.Type}, {twin.Type}");
            }
            else if (left.Messages.ContainsKey(type) && right.Messages.ContainsKey(twinType)) Pair(type, twinType);
            else if (left.Enumerations.TryGetValue(type, out SortedDictionary<int, string>? values) && right.Enumerations.TryGetValue(twinType, out SortedDictionary<int, string>? twins))
            {
                if (!values.SequenceEqual(twins)) Differences.Add($"{where}: {Last(type)} has other values: {string.Join(' ', values.Except(twins).Concat(twins.Except(values)))}");
            }
            else Differences.Add($"{where}: {field.Type}, {twin.Type}");
        }

        private static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];
    }
}
