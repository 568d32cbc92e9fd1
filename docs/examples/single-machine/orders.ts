interface Order {
  readonly item: string
  readonly pieces: number
}

export class Shop {
  readonly stock = new Map<string, number>()
  readonly orders: Order[] = []
  readonly customers = new Set<string>()
  motto = 'open'

  deliver(item: string, pieces: number): void {
    this.stock.set(item, (this.stock.get(item) ?? 0) + pieces)
  }

  sell(customer: string, item: string, pieces: number): void {
    this.stock.set(item, (this.stock.get(item) ?? 0) - pieces)
    this.orders.push({ item, pieces })
    this.customers.add(customer)
  }
}
