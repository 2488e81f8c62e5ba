using QuickStart;

switch (args)
{
    case []:
        return await Walkthrough.RunAsync() ? 0 : 1;
    case ["--database", var path] when !File.Exists(path):
        return await Walkthrough.RunAsync(path) ? 0 : 1;
    case ["--database", var path]:
        Console.Error.WriteLine($"{path} exists already.");
        return 2;
    case ["--replay", var folder] when Directory.Exists(folder):
        return await RecordedStreams.RunAsync(folder) ? 0 : 1;
    case ["--replay", var folder]:
        Console.Error.WriteLine($"There is no folder {folder}.");
        return 2;
    default:
        Console.Error.WriteLine("""
            Usage: dotnet run --project samples/QuickStart
                   dotnet run --project samples/QuickStart -- --database FILE    (keeps the records in a new SQLite file)
                   dotnet run --project samples/QuickStart -- --replay DIR    (.sse files, each checked against the .json beside it)
            """);
        return 2;
}
