using System.Text;

namespace StreamUsage.Tests.Differential;

/// <summary>
/// What an object has said to each call: a result, or an exception, and whether that came at the call or in the task.
/// </summary>
internal sealed class Transcript(bool isLenient)
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(20);

    private readonly StringBuilder _lines = new();

    public bool IsLenient => isLenient;

    public static Task<object?> Of(ValueTask<int> read) => Of(read.AsTask());

    public static async Task<object?> Of<T>(Task<T> task) => await task;

    public static async Task<object?> Of(Task task)
    {
        await task;
        return "done";
    }

    public void Say(string what) => _lines.AppendLine(what);

    public void Try(string name, Func<object?> call)
    {
        try
        {
            Say($"{name}: {call()}");
        }
        catch (Exception fault)
        {
            Say($"{name}: {Name(fault)}");
        }
    }

    public void Try(string name, Action call) => Try(name, () =>
    {
        call();
        return "done";
    });

    public async Task TryAsync(string name, Func<Task<object?>> call)
    {
        Task<object?> task;
        try
        {
            task = call();
        }
        catch (Exception fault)
        {
            Say($"{name}: {Name(fault)} at the call");
            return;
        }

        try
        {
            Say($"{name}: {await task.WaitAsync(TimeLimit)}");
        }
        catch (Exception fault)
        {
            Say($"{name}: {Name(fault)} in the task");
        }
    }

    public override string ToString() => _lines.ToString();

    // Where draining is on, it is the caller's wait that is canceled: by the framework's WaitAsync, not by the body.
    private string Name(Exception fault) =>
        fault is OperationCanceledException && isLenient ? "cancelled"
        : fault is HttpRequestException { InnerException: { } cause } ? $"{fault.GetType().Name}({cause.GetType().Name})"
        : fault.GetType().Name;
}
