namespace StreamUsage.Sqlite.Outbox;

/// <summary>Wakes those who wait for the next change.</summary>
internal sealed class OutboxPulse
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets a task that ends with the next change. Take it before you check the state, or a
    /// change in between is missed.</summary>
    public Task Next => _next.Task;

    public void Send()
    {
        TaskCompletionSource next = _next;
        _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        next.SetResult();
    }
}
