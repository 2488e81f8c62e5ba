using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Dependencies;
using ArchUnitNET.Loader;

namespace StreamUsage.Tests.Architecture;

/// <summary>What each folder of the library may use: of members, bodies of methods, attributes and base
/// types.</summary>
public sealed class LayerTests
{
    private const string Root = "StreamUsage";

    private static readonly ArchUnitNET.Domain.Architecture Library =
        new ArchLoader().LoadAssemblies(typeof(UsageTracker).Assembly).Build();

    // Beside each row, the reason for what one would not expect in it. A namespace includes those below it.
    // The root's types may be used everywhere but in Buffers and Sse; prices are among its values (UsageRecord.Cost).
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Buffers"] = [],
        ["Sse"] = ["Buffers"],
        ["Accounting"] = [],
        ["Parsing"] = ["Accounting", "Buffers"],

        // The budget that all text kept for an estimate counts against is of Buffers.
        ["Estimation"] = ["Buffers", "Parsing"],
        ["Capture"] = ["Accounting", "Buffers", "Parsing"],

        // The reader of events carries the state from one to the next, and passes output to those who count and capture
        // it.
        ["Framing"] = ["Accounting", "Buffers", "Capture", "Estimation.Outputs", "Estimation.ModelOutput", "Parsing", "Sse"],
        ["Pricing"] = [],

        // Queued records count against the budget.
        ["Delivery"] = ["Buffers", "Diagnostics"],
        ["Diagnostics"] = ["Pricing.UsageCost"],

        // A tracked body is read and becomes a record; both are logged.
        ["Recording"] = ["Accounting", "Buffers", "Capture", "Delivery", "Diagnostics", "Estimation", "Framing", "Parsing", "Pricing"],

        // A session knows its parser before its first message.
        ["PassThrough"] = ["Framing", "Parsing.IUsageParser", "Recording"],

        // The copy of a request counts against the budget; its model stands where the estimate looks for it.
        ["Http"] = ["Buffers", "Estimation.Requests", "PassThrough"],
        ["Serialization"] = ["Pricing"],
    };

    public static TheoryData<string> Folders => [.. MayUse.Keys];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_uses_only_what_its_row_allows(string folder)
    {
        string[] allowed = [folder, .. MayUse[folder]];
        bool mayUseRoot = folder is not ("Buffers" or "Sse");

        IEnumerable<string> others = Uses(type => IsIn(type, folder))
            .Where(use => !(mayUseRoot && IsRoot(use.Used)) && !IsExcepted(use) && !allowed.Any(name => IsIn(use.Used, name)))
            .Select(Describe);

        others.Should().BeEmpty();
    }

    [Fact]
    public void Every_folder_has_a_row()
    {
        // All may be used by who composes.
        string[] composing = ["", "DependencyInjection"];

        Library.Types.Where(IsOurs).Select(FolderOf).Distinct().Should().BeSubsetOf([.. MayUse.Keys, .. composing]);
    }

    [Fact]
    public void Nothing_below_refers_to_the_types_that_compose()
    {
        Uses(type => !IsRoot(type) && !IsIn(type, "DependencyInjection"))
            .Where(use => OutermostName(use.Used) is nameof(UsageTracker) or nameof(UsageSession) or nameof(UsageTrackingHandler))
            .Select(Describe).Should().BeEmpty();
    }

    [Fact]
    public void Sse_knows_neither_JSON_nor_models()
    {
        Library.Types.Where(type => IsIn(type, "Sse")).SelectMany(type => type.Dependencies)
            .Where(use => use.Target.FullName.StartsWith("System.Text.Json", StringComparison.Ordinal))
            .Select(use => use.Target.FullName).Should().BeEmpty();
    }

    // Without this, a loader that misses what methods do would let everything pass.
    [Fact]
    public void Uses_are_found_in_fields_constructors_async_methods_and_lambdas()
    {
        string[] found = [.. Uses(_ => true).Select(Describe)];

        found.Should().Contain(
        [
            "StreamUsage.Recording.TrackedBody -> StreamUsage.Recording.BodyGate",
            "StreamUsage.UsageTracker -> StreamUsage.PassThrough.BodyDrainer",
            "StreamUsage.Recording.RecordDispatcher -> StreamUsage.Diagnostics.UsageActivity",
            "StreamUsage.UsageTracker -> StreamUsage.Delivery.SinkCalls",
        ]);
    }

    [Fact]
    public void No_folder_but_the_root_has_more_than_20_files()
    {
        string library = Path.Combine(RepositoryRoot(), "src", "StreamUsage");

        var large = Directory.EnumerateFiles(library, "*.cs", SearchOption.AllDirectories)
            .GroupBy(file => Path.GetRelativePath(library, Path.GetDirectoryName(file)!))
            .Where(folder => folder.Key != "."
                && folder.Key.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj") && folder.Count() > 20)
            .Select(folder => $"{folder.Key}: {folder.Count()}");

        large.Should().BeEmpty();
    }

    // SseReader's option DeliverUnfinishedEvent is defined by JSON: the public door asks for it, the decoder does not.
    private static bool IsExcepted((IType User, IType Used) use) =>
        use.User.Name == nameof(StreamUsage.Sse.SseReader) && use.Used.Name == nameof(StreamUsage.Framing.UnfinishedData);

    private static IEnumerable<(IType User, IType Used)> Uses(Func<IType, bool> users) =>
        Library.Types.Where(type => IsOurs(type) && users(type))
            .SelectMany(type => type.Dependencies.Select(use => (type, use.Target)).Where(use => IsOurs(use.Target)).Distinct());

    private static bool IsOurs(IType type) => type is not GenericParameter && type.Namespace?.FullName is { } name
        && (name == Root || name.StartsWith(Root + ".", StringComparison.Ordinal));

    private static bool IsRoot(IType type) => type.Namespace.FullName == Root;

    private static bool IsIn(IType type, string name)
    {
        string full = $"{Root}.{name}", typeName = type.FullName;
        return typeName == full
            || typeName.StartsWith(full + ".", StringComparison.Ordinal) || typeName.StartsWith(full + "+", StringComparison.Ordinal);
    }

    private static string FolderOf(IType type) => IsRoot(type) ? "" : type.Namespace.FullName.Split('.')[1];

    private static string OutermostName(IType type) => type.FullName.Split('+')[0].Split('.')[^1];

    private static string Describe((IType User, IType Used) use) => $"{use.User.FullName} -> {use.Used.FullName}";

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "StreamUsage.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests are not run inside the repository.");
    }
}
